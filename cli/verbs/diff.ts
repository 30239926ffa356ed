import { type Comparison, compare, targetOf } from '../../app/index.ts';
import { type Json, shortId } from '../../engine/index.ts';
import type { Difference } from '../../releases/index.ts';
import { type Globals, print, table } from '../answers/globals.ts';
import { inWorkspace, type RunFlags, runSettings } from '../command/settings.ts';

export async function diff(
  globals: Globals & RunFlags,
  name: string,
  before: string,
  after: string,
  options: { readonly target?: string },
): Promise<void> {
  await inWorkspace(globals, async (workspace) => {
    // Only what a commit would be is a matter of a target.
    const target = (): Promise<string> => targetOf(workspace, name, options.target);
    const settings = runSettings(globals, globals, workspace);
    const answer = await compare(workspace, { deployment: name, target }, [before, after], settings);
    await print(globals.format, answer, () =>
      answer.differences.length === 0 ? same(answer) : table(answer.differences.map(differenceRow)),
    );
  });
}

/** Two releases may differ in nothing that is applied: in their commits, or where they are promoted from. */
function same({ before, after }: Comparison): string {
  if (before === after) return `no difference: both are release ${shortId(before)}`;
  return `no difference in what is applied (releases ${shortId(before)} and ${shortId(after)})`;
}

/** Component, what of it, before → after. */
export function differenceRow({ component, what, before, after }: Difference): readonly string[] {
  // Of what is a text and what is none, the text is told to be one.
  const quote = typeof before !== typeof after && before !== null && after !== null;
  return [component, what === '' ? 'component' : what, `${shown(before, quote)} → ${shown(after, quote)}`];
}

/** Values as JSON, digests by their first twelve digits. */
function shown(value: Json, quote: boolean): string {
  if (value === null) return '–';
  const text = typeof value === 'string' && !quote ? value : JSON.stringify(value);
  return text.replaceAll(/sha256:([0-9a-f]{12})[0-9a-f]{52}/g, 'sha256:$1…');
}
