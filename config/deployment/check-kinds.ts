import type { AtmosError } from '../../engine/index.ts';
import { errorAt, type Located, mapOf, member } from '../../yaml/index.ts';
import { suggestion } from '../model/nearest.ts';

/** Kinds of components that there are not, in the deployment's own section and those of its targets. */
export function checkKinds(document: Located, kinds: readonly string[]): readonly AtmosError[] {
  const root = member(document, 'deployment');
  const targets = mapOf(member(root, 'targets'), '"targets"')?.entries.values() ?? [];
  return [root, ...[...targets].map(({ value }) => value)].flatMap((section) =>
    [...(mapOf(member(section, 'components'), '"components"')?.entries ?? [])].flatMap(([kind, { keyAt }]) =>
      kinds.includes(kind)
        ? []
        : [errorAt(keyAt, `unknown key "${kind}"`, { code: 'unknown-key', hint: suggestion(kind, kinds, 'kinds') })],
    ),
  );
}
