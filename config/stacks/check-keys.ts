import { type AtmosError, asOne } from '../../engine/index.ts';
import { errorAt, type Located, type LocatedMap, member } from '../../yaml/index.ts';
import { misspelt } from '../model/nearest.ts';
import { HELM_SECTIONS, KNOWN_KINDS, SECTIONS } from './sections.ts';

const ANYWHERE = ['locals', 'overrides', 'metadata', 'dependencies', 'source', 'provision', 'command'];
const ALL = [...new Set([...SECTIONS, ...HELM_SECTIONS, ...ANYWHERE, 'auth', 'retry', 'spacelift'])];
const KINDS = [...KNOWN_KINDS, 'ansible', 'kubernetes', 'container', 'emulator'];
const KNOWN = {
  root: [...ALL, ...KINDS, 'import', 'components', 'workflows', 'commands', 'schemas', 'stores', 'templates'],
  kinds: KINDS,
  kind: [...ALL, 'component', 'components', 'depends_on'],
  component: [...ALL, 'component', 'components', 'inherits', 'depends_on'],
  settings: [
    ...['validation', 'depends_on', 'spacelift', 'atlantis', 'templates', 'yaml', 'integrations', 'pro', 'github'],
    ...['terraform', 'nixpack', 'shell', 'list_merge_strategy'],
  ],
  metadata: [
    ...['type', 'enabled', 'locked', 'component', 'inherits', 'name', 'description', 'labels', 'tags', 'custom', 'depends_on'],
    ...[
      'terraform_workspace',
      'terraform_workspace_pattern',
      'terraform_workspace_template',
      'terraform_workspaces',
      'template',
      'version',
    ],
  ],
} as const;

/**
 * Refuses what differs by one letter from a key that a stack file may have there: it was meant, and would be passed over. Any other key is somebody's own.
 * @throws AtmosError `unknown-key`
 */
export function checkKeys(root: LocatedMap): void {
  const settingsOf = (value: Located | undefined, of: string): readonly AtmosError[] =>
    misspeltIn(member(value, 'settings'), 'settings', `"settings"${of}`);
  const errors = [
    ...misspeltIn(root, 'root', 'a stack'),
    ...misspeltIn(member(root, 'components'), 'kinds', '"components"'),
    ...settingsOf(root, ''),
  ];
  for (const kind of KINDS) {
    errors.push(...misspeltIn(member(root, kind), 'kind', `"${kind}"`), ...settingsOf(member(root, kind), ` of "${kind}"`));
    const components = member(member(root, 'components'), kind);
    if (components?.kind !== 'map') continue;
    for (const [name, { keyAt, value }] of components.entries) {
      if (isSection(name) && value.kind === 'map' && ![...value.entries.keys()].some(isSection)) {
        errors.push(
          errorAt(keyAt, `"${name}" is a section name but is used as a component of "${kind}"`, {
            code: 'unknown-key',
            hint: 'if it is a section of the component above, indent it',
          }),
        );
      }
      errors.push(...misspeltIn(value, 'component', `component ${kind}/${name}`), ...settingsOf(value, ` of ${kind}/${name}`));
      errors.push(...misspeltIn(member(value, 'metadata'), 'metadata', `"metadata" of ${kind}/${name}`));
    }
  }
  const all = asOne(errors);
  if (all !== undefined) throw all;
}

/** Whether a key is a section of a component. */
function isSection(key: string): boolean {
  return (KNOWN.component as readonly string[]).includes(key);
}

function misspeltIn(value: Located | undefined, level: keyof typeof KNOWN, where: string): readonly AtmosError[] {
  if (value?.kind !== 'map') return [];
  return [...value.entries].flatMap(([key, { keyAt }]) => {
    const meant = misspelt(key, KNOWN[level]);
    const options = { code: 'unknown-key', hint: `did you mean "${meant}"?` };
    return meant === undefined ? [] : [errorAt(keyAt, `there is no "${key}" in ${where}`, options)];
  });
}
