import { shortId } from '../engine/index.ts';
import type { LedgerRecord } from './types.ts';

/** The commit message: what happened in one line, then the components, then trailers. */
export function messageOf(record: LedgerRecord): string {
  const what = record.release === null ? record.kind : `${record.kind} ${shortId(record.release)}`;
  const from = record.promotedFrom === null ? '' : ` from ${record.promotedFrom.target}`;
  const result = record.result === null ? '' : `: ${record.result}`;
  const components = Object.entries(record.components).map(([address, { action, changes, error }]) => {
    const counts =
      changes === null
        ? ''
        : [
            ['+', changes.create],
            ['~', changes.update],
            ['-', changes.delete],
          ]
            .flatMap(([sign, count]) => (count === 0 ? [] : [` ${sign}${count}`]))
            .join('');
    return `${address}: ${action}${counts}${error === null ? '' : ` (${error.split('\n')[0]})`}`;
  });
  const trailers = [
    ['Deployment', `${record.deployment}/${record.target}`],
    ['Release', record.release],
    ['Source-Commit', record.commit === null ? null : `${record.commit}${record.dirty ? ' with uncommitted changes' : ''}`],
    ['Promoted-From', record.promotedFrom === null ? null : `${record.promotedFrom.target} ${record.promotedFrom.release}`],
    ['Reason', record.reason],
  ].flatMap(([name, value]) => (value === null ? [] : [`${name}: ${value}`]));
  return `${[`${what}${from}${result}`, components.join('\n'), trailers.join('\n')].filter((part) => part !== '').join('\n\n')}\n`;
}
