import { pruneCache } from '../../app/index.ts';
import { AtmosError } from '../../engine/index.ts';
import { type Globals, print, table } from '../answers/globals.ts';
import { inWorkspace } from '../command/settings.ts';

export async function cacheStats(globals: Globals): Promise<void> {
  await inWorkspace(globals, async ({ store, root }) => {
    const { bytes, ...parts } = store.stats();
    await print(globals.format, { ...parts, bytes }, () =>
      table([
        ['WHAT', 'COUNT', 'SIZE'],
        ...Object.entries(parts).map(([name, amount]) => [name, String(amount.count), sizeText(amount.bytes)]),
        ['all', '', sizeText(bytes)],
      ]).concat(`\nin ${store.dir.startsWith(root) ? store.dir.slice(root.length + 1) : store.dir}`),
    );
  });
}

export async function verifyCache(globals: Globals): Promise<void> {
  await inWorkspace(globals, async ({ store }) => {
    const answer = store.verify();
    await print(globals.format, answer, () =>
      [
        ...answer.damaged.map((path) => `✖ ${path}  corrupt; removed (it will be rebuilt when needed)`),
        `${answer.damaged.length === 0 ? '✔' : '✖'} ${answer.checked} checked, ${answer.damaged.length} damaged`,
      ].join('\n'),
    );
    if (answer.damaged.length > 0) process.exitCode = 1;
  });
}

interface PruneFlags {
  readonly olderThan?: string;
  readonly maxSize?: string;
}

export async function prune(globals: Globals, { olderThan, maxSize }: PruneFlags): Promise<void> {
  const age = olderThan === undefined ? undefined : ageOf(olderThan);
  const maxBytes = maxSize === undefined ? undefined : bytesOf(maxSize);
  await inWorkspace(globals, async (workspace) => {
    const answer = await pruneCache(workspace, { unusedSince: age === undefined ? undefined : Date.now() - age, maxBytes });
    await print(globals.format, answer, () => {
      const what = `${answer.results} results, ${answer.trees} checked-out trees and ${answer.objects} objects dropped`;
      return `✔ ${what}; ${sizeText(answer.freed)} freed, ${sizeText(answer.left)} left`;
    });
    if (maxBytes !== undefined && answer.left > maxBytes) {
      workspace.warn('remaining objects are used by lock files and releases of this repository');
    }
  });
}

const MINUTE = 60_000;
const AGES: Readonly<Record<string, number>> = { m: MINUTE, h: 60 * MINUTE, d: 24 * 60 * MINUTE, w: 7 * 24 * 60 * MINUTE };
const SIZES: Readonly<Record<string, number>> = { '': 1, k: 1000, m: 1000 ** 2, g: 1000 ** 3, t: 1000 ** 4 };
const BINARY_SIZES: Readonly<Record<string, number>> = { k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4 };

/** Milliseconds. */
function ageOf(text: string): number {
  const [, count, unit = ''] = /^(\d+(?:\.\d+)?)([mhdw])$/.exec(text) ?? [];
  if (count === undefined) throw usage('--older-than', text, 'minutes, hours, days or weeks: 90m, 12h, 30d, 4w');
  return Number(count) * (AGES[unit] ?? 0);
}

function bytesOf(text: string): number {
  const [, count, unit = '', i] = /^(\d+(?:\.\d+)?)\s*([kmgt]?)(i?)b?$/i.exec(text) ?? [];
  const factor = (i === '' ? SIZES : BINARY_SIZES)[unit.toLowerCase()];
  if (count === undefined || factor === undefined) throw usage('--max-size', text, 'a size: 10GB, 500MB, 2GiB');
  return Number(count) * factor;
}

function usage(flag: string, text: string, expected: string): AtmosError {
  return new AtmosError(`${flag} can't be "${text}"`, { kind: 'invalid', code: 'usage', hint: `it is ${expected}` });
}

/** Bytes for people: `12.3 MB`. */
function sizeText(bytes: number): string {
  const [unit, factor] = bytes >= 1e9 ? ['GB', 1e9] : bytes >= 1e6 ? ['MB', 1e6] : bytes >= 1e3 ? ['kB', 1e3] : ['B', 1];
  return `${(bytes / factor).toFixed(factor === 1 ? 0 : 1)} ${unit}`;
}
