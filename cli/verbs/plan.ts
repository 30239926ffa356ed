import { type PlanAnswer, plan, savedPlan, targetOf, writeSavedPlan } from '../../app/index.ts';
import { AtmosError, shellWord, shortId } from '../../engine/index.ts';
import { changeLines } from '../answers/changes.ts';
import { fileIn, type Globals, printOrFail } from '../answers/globals.ts';
import { planMarkdown } from '../answers/plan-markdown.ts';
import { counts, warningLines } from '../answers/words.ts';
import { inWorkspace, type RunFlags, runSettings } from '../command/settings.ts';

export async function planVerb(
  globals: Globals & RunFlags,
  name: string,
  options: {
    readonly target?: string;
    readonly all: boolean;
    readonly promoteFrom?: string;
    readonly release?: string;
    readonly out?: string;
    readonly component?: string;
  },
): Promise<void> {
  await inWorkspace(globals, async (workspace) => {
    const target = await targetOf(workspace, name, options.target);
    const { all, promoteFrom, release: named, component } = options;
    if (component !== undefined && options.out !== undefined) {
      throw new AtmosError('--component and --out cannot be used together', {
        kind: 'invalid',
        code: 'usage',
        hint: 'a saved plan is one of the whole target',
      });
    }
    const out = options.out === undefined ? undefined : fileIn(globals, options.out);
    const request = { deployment: name, target, all, promoteFrom, release: named, component };
    const answer = await plan(workspace, request, runSettings(globals, globals, workspace));
    const { release, plans, unknown, compared, current, orphans, pruned, locked, isUnderWay, failure, refusal } = answer;
    if (out !== undefined && failure === undefined) writeSavedPlan(out, savedPlan(request, answer));
    const document = {
      deployment: name,
      target,
      release: release.digest,
      components: plans,
      unknown,
      compared,
      orphans,
      locked,
      refused: refusal === undefined ? null : { code: refusal.code, message: refusal.message },
    };
    await printOrFail(
      globals.format,
      { document, failure },
      () => {
        const planned = Object.entries(plans).flatMap(([address, summary]) => [
          `${address}  ${current.includes(address) ? 'up to date' : summary.changes.length === 0 ? 'no changes' : counts(summary)}${noteOf(compared[address], isUnderWay)}${noteOfLock(locked.includes(address), summary)}`,
          ...changeLines(summary.changes),
        ]);
        const waiting = Object.entries(unknown).map(([address, upstream]) => `${address}  known after ${upstream.join(', ')} is applied`);
        const left = orphans.map((address) => `${address}  no longer declared, still running${pruned ? ': would be destroyed' : ''}`);
        const warnings = warningLines(Object.fromEntries(Object.entries(plans).map(([address, summary]) => [address, summary.warnings])));
        return [
          `${name} → ${target}  (would be release ${shortId(release.digest)})`,
          ...planned,
          ...waiting,
          ...left,
          ...warnings,
          ...(refusal === undefined
            ? []
            : [`! a rollout would be refused: ${refusal.message}`, ...(refusal.hint === undefined ? [] : [`  ${refusal.hint}`])]),
          ...(out === undefined || failure !== undefined
            ? []
            : [
                `saved; ${refusal === undefined ? 'apply it' : 'apply it when the rollout is allowed'}: atmos-deployment rollout ${name} --target ${target}${release.config.dirty ? ' --allow-dirty' : ''} --plan ${shellWord(options.out ?? out)}`,
                ...(release.config.dirty ? ['the plan includes uncommitted changes; plan again after committing them'] : []),
              ]),
        ].join('\n');
      },
      () => planMarkdown(name, target, answer),
    );
  });
}

/** What a reader should know beside the changes. */
function noteOf(compared: PlanAnswer['compared'][string] | undefined, isUnderWay: boolean): string {
  if (compared?.comparison === 'interrupted' && isUnderWay) return '  (being deployed now)';
  if (compared?.comparison !== 'interrupted' && compared?.comparison !== 'failed') return '';
  return `  (${compared.reason ?? ''})`;
}

function noteOfLock(isLocked: boolean, { changes }: PlanAnswer['plans'][string]): string {
  if (!isLocked) return '';
  return changes.length === 0 ? '  (locked)' : '  (locked: a rollout is refused)';
}
