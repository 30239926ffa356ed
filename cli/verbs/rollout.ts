import { type Changed, readSavedPlan, rollout, type SavedPlan, targetOf } from '../../app/index.ts';
import { AtmosError, now, shortId } from '../../engine/index.ts';
import { seconds } from '../../reports/index.ts';
import type { ComponentAction, LedgerRecord } from '../../tracking/index.ts';
import { fileIn, type Globals, printOrFail, table } from '../answers/globals.ts';
import { counts, warningLines } from '../answers/words.ts';
import { events } from '../command/events.ts';
import { inWorkspace, type RunFlags, runSettings } from '../command/settings.ts';

interface Options {
  readonly target?: string;
  readonly promoteFrom?: string;
  readonly release?: string;
  readonly allowDirty: boolean;
  readonly all: boolean;
  readonly component?: string;
  readonly prune: boolean;
  readonly dryRun: boolean;
  readonly plan?: string;
}

export async function rolloutVerb(globals: Globals & RunFlags, name: string, options: Options): Promise<void> {
  await inWorkspace(globals, async (workspace) => {
    const began = now();
    const saved = options.plan === undefined ? undefined : savedFor(readSavedPlan(fileIn(globals, options.plan)), name, options);
    const target = saved?.target ?? (await targetOf(workspace, name, options.target));
    const { allowDirty, component, prune, dryRun } = options;
    const promoteFrom = saved?.promoteFrom ?? options.promoteFrom;
    const release = saved?.named ?? options.release;
    const all = saved?.all ?? options.all;
    const settings = runSettings(globals, globals, workspace);
    events.emit({ type: 'target', deployment: name, target });
    const answer = await rollout(
      workspace,
      { deployment: name, target, promoteFrom, release, allowDirty, all, component, prune, dryRun, saved },
      settings,
    );
    const elapsed = now() - began;
    const { record, failure } = answer;
    await printOrFail(globals.format, { document: documentOf(answer), failure }, () =>
      record !== undefined ? summary(answer, record, elapsed, saved?.deferred) : dryRun ? wouldRun(answer) : nothing(answer, elapsed),
    );
  });
}

/** A saved plan says all that there is to choose. @throws AtmosError `usage`; `other-plan` where it is of something else */
function savedFor(saved: SavedPlan, name: string, { target, promoteFrom, release, all, component, prune }: Options): SavedPlan {
  const others = { '--promote-from': promoteFrom, '--release': release, '--all': all, '--component': component, '--prune': prune };
  const [given] = Object.entries(others).flatMap(([flag, value]) => (value === undefined || value === false ? [] : [flag]));
  if (given !== undefined) {
    throw new AtmosError(`--plan and ${given} cannot be used together`, {
      kind: 'invalid',
      code: 'usage',
      hint: `leave ${given} out`,
    });
  }
  if (saved.deployment !== name || (target !== undefined && saved.target !== target)) {
    throw new AtmosError(`the saved plan is for ${saved.deployment}, target ${saved.target}`, {
      kind: 'refused',
      code: 'other-plan',
      hint: `apply it: atmos-deployment rollout ${saved.deployment} --target ${saved.target} --plan <file>`,
    });
  }
  return saved;
}

/** The record that was appended; where there was nothing to do, what the target runs. */
function documentOf({ deployment, target, release, components, orphans, record, warnings }: Changed): unknown {
  return (
    (record === undefined ? undefined : { ...record, warnings }) ?? {
      deployment,
      target,
      release,
      components,
      orphans,
      result: Object.values(components).some(({ action }) => action === 'planned') ? 'planned' : 'up-to-date',
    }
  );
}

/** What a dry run found. */
function wouldRun({ deployment, target, release, components }: Changed): string {
  const rows = Object.entries(components).map(([address, { action }]) => {
    const mark = action === 'planned' ? ' →' : action === 'destroy-planned' ? ' -' : action === 'orphaned' ? ' !' : ' =';
    return [mark, address, action === 'destroy-planned' ? 'would be destroyed' : action];
  });
  return `${table(rows)}\n${deployment} → ${target}: would be release ${shortId(release)}; nothing was run or recorded`;
}

function nothing({ deployment, target, release, components, orphans, ran }: Changed, elapsed: number): string {
  const count = Object.keys(components).length;
  const quiet = ran ? '' : ', no container started';
  return `${deployment} → ${target}: nothing to do, all ${count} components run release ${shortId(release)} (${(elapsed / 1000).toFixed(2)} s${quiet})${orphaned(orphans)}`;
}

/** What became of each component, and where that is recorded. */
export function summary(
  { warnings }: Pick<Changed, 'warnings'>,
  record: LedgerRecord,
  elapsed: number,
  deferred: SavedPlan['deferred'] = {},
): string {
  const { deployment, target, release, components, result, orphans } = record;
  const rows = Object.entries(components).map(([address, { action, changes }]) => [
    ` ${MARKS[action] ?? '✔'}`,
    address,
    action,
    deferred[address] !== undefined
      ? `known after apply of ${deferred[address].join(', ')}: plan again`
      : changes === null
        ? ''
        : action === 'failed'
          ? `planned: ${counts(changes)}`
          : counts(changes),
  ]);
  const id = release === null ? '' : shortId(release);
  const where = `recorded in refs/atmos/ledger/${deployment}/${target}`;
  const skipped = Object.values(components).filter(({ action }) => action === 'skipped').length;
  const rest = skipped === 0 ? '' : ` · ${skipped} ${skipped === 1 ? 'component' : 'components'} unchanged`;
  const what = {
    deployed: `released ${id}`,
    destroyed: `destroyed ${target}`,
    partial: `partially destroyed ${target}`,
    failed: id === '' ? 'failed' : `release ${id} failed`,
  }[result ?? 'failed'];
  const lines = [table(rows), ...warningLines(warnings)].join('\n');
  return `${lines}\n${what}${rest} · ${where} · ${seconds(elapsed)}${orphaned(orphans)}`;
}

const MARKS: Readonly<Partial<Record<ComponentAction, string>>> = {
  failed: '✖',
  'up-to-date': '=',
  'not-reached': '–',
  skipped: '–',
  orphaned: '!',
};

/** What runs and is no longer declared, and how to take it down. */
function orphaned(orphans: readonly string[]): string {
  if (orphans.length === 0) return '';
  return `\nno longer declared, still running: ${orphans.join(', ')}   (to destroy: rollout --prune, or destroy --component <address>)`;
}
