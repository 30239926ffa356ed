import type { PlanAnswer } from '../../app/index.ts';
import { shortId } from '../../engine/index.ts';
import { changeLines } from './changes.ts';
import { counts, warningLines } from './words.ts';

/** How a line of a difference begins, by the action that decides how it is read. */
const SIGNS = [
  ['delete', '-'],
  ['create', '+'],
] as const;

/** A plan as Markdown, for a comment on a pull request: a table of the components, and below it what changes in each. */
export function planMarkdown(
  name: string,
  target: string,
  { release, plans, unknown, current, orphans, pruned, locked, refusal }: PlanAnswer,
): string {
  const rows = [
    ...Object.entries(plans).map(([address, plan]) => {
      const text = current.includes(address) ? 'up to date' : plan.changes.length === 0 ? 'no changes' : `**${counts(plan)}**`;
      return [address, `${text}${locked.includes(address) ? ' (locked)' : ''}`];
    }),
    ...Object.entries(unknown).map(([address, upstream]) => [address, `known after apply of ${upstream.map(code).join(', ')}`]),
    ...orphans.map((address) => [address, `no longer declared, still running${pruned ? ': would be destroyed' : ''}`]),
  ];
  const details = Object.entries(plans).flatMap(([address, plan]) => {
    if (plan.changes.length === 0) return [];
    const lines = plan.changes.flatMap((change) => {
      const [head = '', ...attributes] = changeLines([change]).map((line) => line.trimEnd());
      const sign = SIGNS.find(([action]) => change.actions.includes(action))?.[1] ?? '!';
      return [`${change.actions.length > 1 ? '!' : sign} ${head.trim()}`, ...attributes];
    });
    return ['', `<details><summary>${html(address)}: ${counts(plan)}</summary>`, '', ...fenced(lines), '', '</details>'];
  });
  const warnings = warningLines(Object.fromEntries(Object.entries(plans).map(([address, plan]) => [address, plan.warnings])));
  return [
    `### ${html(name)} → ${html(target)}`,
    '',
    `Would be release ${code(shortId(release.digest))}.`,
    '',
    ...(refusal === undefined
      ? []
      : [`**A rollout would be refused:** ${html([refusal.message, refusal.hint ?? ''].join('. ').replace(/\. $/, ''))}`, '']),
    '| component | changes |',
    '| --- | --- |',
    ...rows.map(([address = '', text = '']) => `| ${code(address)} | ${text} |`),
    ...details,
    ...(warnings.length === 0 ? [] : ['', ...warnings.map((line) => `- ${html(line.replace(/^ ! /, ''))}`)]),
  ].join('\n');
}

/** Lines as they are, in a fence that none of them closes. */
function fenced(lines: readonly string[]): readonly string[] {
  const longest = Math.max(2, ...lines.flatMap((line) => (line.match(/`+/g) ?? []).map(({ length }) => length)));
  const fence = '`'.repeat(longest + 1);
  return [`${fence}diff`, ...lines, fence];
}

/** Names are plain; what is not can't end the cell that it is in. */
function code(text: string): string {
  return `\`${text.replaceAll('`', '').replaceAll('|', '\\|')}\``;
}

function html(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
