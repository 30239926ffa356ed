import { findRun, type Journal, journals, type KeyDifference, explain as whyItRan } from '../../app/index.ts';
import { AtmosError, type RunEvent, shortId } from '../../engine/index.ts';
import { seconds } from '../../reports/index.ts';
import { type Globals, print, table } from '../answers/globals.ts';
import { inWorkspace } from '../command/settings.ts';

export async function logs(globals: Globals, run: string | undefined, node: string | undefined): Promise<void> {
  await inWorkspace(globals, async ({ logsRoot }) => {
    if (run === undefined) return list(globals, [...journals(logsRoot)]);
    const found = findRun(logsRoot, run);
    const events = node === undefined ? found.events : found.events.filter((event) => event.node === node);
    if (events.length === 0) {
      throw new AtmosError(`run ${found.run.run} had no node "${node}"`, {
        kind: 'invalid',
        code: 'no-node',
        hint: `nodes are: ${[...new Set(found.events.map((event) => event.node))].sort().join(', ')}`,
      });
    }
    await print(globals.format, { ...found.run, events }, () => (node === undefined ? wholeText(found) : outputText(events)));
  });
}

async function list(globals: Globals, all: readonly Journal[]): Promise<void> {
  const runs = all.map(({ run, events }) => ({ ...run, ...countsOf(events) }));
  await print(globals.format, { runs }, () =>
    runs.length === 0
      ? 'no runs are recorded yet'
      : table([
          ['RUN', 'COMMAND', 'RAN', 'CACHED', 'FAILED'],
          ...runs.map(({ run, command, ran, cached, failed }) => [run, command.join(' '), String(ran), String(cached), String(failed)]),
        ]),
  );
}

function countsOf(events: readonly RunEvent[]) {
  const count = (type: RunEvent['type']): number => events.filter((event) => event.type === type).length;
  return { ran: count('finished'), cached: count('cached'), failed: count('failed') };
}

/** What each node printed, node by node, in the order in which they began. */
function wholeText({ run, events }: Journal): string {
  const byNode = Map.groupBy(events, ({ node }) => node);
  const blocks = [...byNode].flatMap(([node, own]) => {
    const end = own.findLast(({ type }) => type === 'finished' || type === 'failed' || type === 'cached' || type === 'cancelled');
    const text = outputText(own);
    return [`${signOf(end)} ${node}${timeOf(end)}`, ...(text === '' ? [] : [text.replace(/\n$/, '').replaceAll(/^/gm, '    ')])];
  });
  return [`${run.run}  ${run.command.join(' ')}`, ...blocks].join('\n');
}

function signOf(end: RunEvent | undefined): string {
  switch (end?.type) {
    case 'finished':
      return '✔';
    case 'failed':
      return '✖';
    case 'cached':
      return '=';
    case 'cancelled':
      return '–';
    default:
      // The command was killed while it ran.
      return '?';
  }
}

function timeOf(end: RunEvent | undefined): string {
  if (end?.type === 'finished' || end?.type === 'failed') return `  ${seconds(end.ms)}`;
  return end?.type === 'cancelled' ? `  ${end.because}` : '';
}

function outputText(events: readonly RunEvent[]): string {
  return events
    .flatMap((event) => (event.type === 'output' ? [event.text] : event.type === 'failed' ? [`${event.message}\n`] : []))
    .join('');
}

const REASONS = {
  cached: 'did not run: its result was in the cache',
  'never-cached': 'ran: it accesses external systems, or depends on nodes that do, so it is never cached',
  'no-cache': 'ran: --no-cache was given',
  'not-in-cache': 'ran: the cache had no result for its key',
} as const;

export async function explain(globals: Globals, node: string): Promise<void> {
  await inWorkspace(globals, async (workspace) => {
    const answer = await whyItRan(workspace, node);
    await print(globals.format, answer, () => {
      const { run, key, ran, comparedWith, differences } = answer;
      const head = [`${node}  key ${shortId(key)}`, `in ${run.run} (${run.command.join(' ')}) it ${REASONS[ran]}`];
      if (comparedWith === undefined) return [...head, 'no earlier run to compare with'].join('\n');
      const before = `${comparedWith.run} (${comparedWith.command.join(' ')})`;
      if (differences.length === 0) return [...head, `its key is the same as in ${before}`].join('\n');
      return [...head, `its key differs from that in ${before}:`, ...differences.flatMap(differenceLines)].join('\n');
    });
  });
}

function differenceLines({ part, before, after, files }: KeyDifference): readonly string[] {
  if (files !== undefined)
    return [`  ${part}`, ...files.slice(0, 20).map((file) => `    ${file}`), ...(files.length > 20 ? ['    …'] : [])];
  return [`  ${part}`, `    before ${shown(before)}`, `    now    ${shown(after)}`];
}

function shown(value: KeyDifference['before']): string {
  const text = value === undefined ? '(absent)' : JSON.stringify(value);
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}
