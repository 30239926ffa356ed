import { historyOf } from '../../app/index.ts';
import { AtmosError, shortId } from '../../engine/index.ts';
import { seconds } from '../../reports/index.ts';
import type { LedgerRecord } from '../../tracking/index.ts';
import { type Globals, print, table } from '../answers/globals.ts';
import { inWorkspace } from '../command/settings.ts';

interface Options {
  readonly target?: string;
  readonly limit: string;
}

export async function history(globals: Globals, name: string, options: Options): Promise<void> {
  if (!/^[1-9]\d{0,8}$/.test(options.limit)) {
    throw new AtmosError(`--limit can't be "${options.limit}"`, { kind: 'invalid', code: 'usage', hint: 'it is a positive integer' });
  }
  await inWorkspace(globals, async (workspace) => {
    const { target, records, isUnderWay } = await historyOf(workspace, name, options.target, Number(options.limit));
    await print(globals.format, { deployment: name, target, records }, () =>
      records.length === 0
        ? `${name} → ${target}: no history`
        : table([
            ['WHEN', 'WHAT', 'RELEASE', 'FROM', 'BY', 'RESULT'],
            ...records.map((record, index) => row(record, isUnderWay && index === 0)),
          ]),
    );
  });
}

function row(record: LedgerRecord, isUnderWay: boolean): readonly string[] {
  const { at, kind, release, dirty, promotedFrom, by, result, durationMs, components, reason } = record;
  const failed = Object.entries(components).find(([, { action }]) => action === 'failed');
  const outcome =
    kind === 'intent'
      ? isUnderWay
        ? 'under way'
        : 'interrupted'
      : result === null
        ? (reason ?? '')
        : `${result}${result === 'deployed' && isInPart(components) ? ' in part' : ''}${durationMs === null ? '' : ` in ${seconds(durationMs)}`}${failed === undefined ? '' : `: ${failed[0]} ${failed[1].error ?? ''}`}`;
  return [
    `${at.slice(0, 10)} ${at.slice(11, 16)} UTC`,
    kind,
    release === null ? '' : `${shortId(release)}${dirty ? ' (uncommitted)' : ''}`,
    promotedFrom?.target ?? '',
    by.email,
    outcome.split('\n')[0] ?? '',
  ];
}

/** Whether a component was left as it was that is to run something else. */
function isInPart(components: LedgerRecord['components']): boolean {
  return Object.values(components).some(({ action }) => action === 'skipped' || action === 'not-reached');
}
