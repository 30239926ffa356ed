import { rollout, targetOf } from '../../deploy/index.ts';
import { shortId } from '../../engine/index.ts';
import type { LedgerRecord } from '../../tracking/index.ts';
import { type Globals, print, table } from '../globals.ts';
import { seconds } from '../progress.ts';
import { inWorkspace, type RunFlags, runSettings } from '../settings.ts';
import { counts } from '../words.ts';

interface Options {
  readonly target?: string;
  readonly promoteFrom?: string;
  readonly release?: string;
  readonly allowDirty: boolean;
  readonly all: boolean;
}

export async function rolloutVerb(globals: Globals & RunFlags, name: string, options: Options): Promise<void> {
  await inWorkspace(globals, async (workspace) => {
    const began = performance.now();
    const target = await targetOf(workspace, name, options.target);
    const { promoteFrom, release, allowDirty, all } = options;
    const settings = runSettings(globals, globals, workspace);
    if (globals.format === 'table' && !globals.quiet) process.stderr.write(`${name} → ${target}\n`);
    const answer = await rollout(workspace, { deployment: name, target, promoteFrom, release, allowDirty, all }, settings);
    const elapsed = performance.now() - began;
    const { record, recorded, failure } = answer;
    // A failure is reported in place of the record, which `history` shows.
    if (failure !== undefined && globals.format !== 'table') throw failure;
    print(globals.format, record, () => (recorded ? summary(record, elapsed) : nothing(record, elapsed, answer.ran)));
    if (failure !== undefined) throw failure;
  });
}

function nothing({ deployment, target, release, components }: LedgerRecord, elapsed: number, ran: boolean): string {
  const count = Object.keys(components).length;
  const id = release === null ? '' : shortId(release);
  const quiet = ran ? '' : ', no container started';
  return `${deployment} → ${target}: nothing to do, all ${count} components run release ${id} (${(elapsed / 1000).toFixed(2)} s${quiet})`;
}

function summary(record: LedgerRecord, elapsed: number): string {
  const { deployment, target, release, components, result } = record;
  const rows = Object.entries(components).map(([address, { action, changes }]) => [
    ` ${action === 'failed' ? '✖' : action === 'up-to-date' ? '=' : action === 'not-reached' ? '–' : '✔'}`,
    address,
    action,
    changes === null ? '' : counts(changes),
  ]);
  const id = release === null ? '' : shortId(release);
  const where = `recorded in refs/atmos/ledger/${deployment}/${target}`;
  const what = result === 'deployed' ? `released ${id}` : `release ${id} failed`;
  return `${table(rows)}\n${what} · ${where} · ${seconds(elapsed)}`;
}
