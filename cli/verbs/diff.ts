import { loadDeployment } from '../../config/index.ts';
import { compare, targetOf } from '../../deploy/index.ts';
import { type Json, shortId } from '../../engine/index.ts';
import type { Difference } from '../../releases/index.ts';
import { type Globals, print, table } from '../globals.ts';
import { inWorkspace, type RunFlags, runSettings } from '../settings.ts';

export async function diff(
  globals: Globals & RunFlags,
  name: string,
  before: string,
  after: string,
  options: { readonly target?: string },
): Promise<void> {
  await inWorkspace(globals, async (workspace) => {
    const { targets } = await loadDeployment(workspace.files, workspace.project, name, workspace.cache);
    const target = await targetOf(workspace, name, options.target);
    const settings = runSettings(globals, globals, workspace);
    const answer = await compare(workspace, { deployment: name, target, targets }, [before, after], settings);
    await print(globals.format, answer, () =>
      answer.differences.length === 0
        ? `no difference: both are release ${shortId(answer.before)}`
        : table(answer.differences.map(differenceRow)),
    );
  });
}

/** Component, what of it, before → after. */
export function differenceRow({ component, what, before, after }: Difference): readonly string[] {
  return [component, what === '' ? 'component' : what, `${shown(before)} → ${shown(after)}`];
}

/** Values as JSON, digests by their first twelve digits. */
function shown(value: Json): string {
  if (value === null) return '–';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.replaceAll(/sha256:([0-9a-f]{12})[0-9a-f]{52}/g, 'sha256:$1…');
}
