import { type Entry, errorAt, type LocatedMap, type LocatedScalar, mapOf, member } from '../../yaml/index.ts';

/** Kinds that stacks and deployment files are known to have components of. Which of them there are, and which others, the project says. */
export const KNOWN_KINDS = ['terraform', 'nixpack', 'shell', 'helm', 'helmfile', 'packer', 'lambda'] as const;

/** The sections of a component that are merged, under Atmos's names. */
export const SECTIONS = [
  'vars',
  'env',
  'settings',
  'backend_type',
  'backend',
  'remote_state_backend_type',
  'remote_state_backend',
  'providers',
  'hooks',
  'generate',
  'required_version',
  'required_providers',
  'dependencies',
  'source',
  'provision',
  'command',
] as const;

/** What a component of the kind `helm` says besides, itself or by its bases: texts, lists and maps. */
export const HELM_SECTIONS = [
  'chart',
  'version',
  'repository',
  'repositories',
  'namespace',
  'name',
  'values',
  'values_files',
  'render',
  'plugins',
] as const;

export type Section = (typeof SECTIONS)[number] | (typeof HELM_SECTIONS)[number];

/** Sections that are one text; the others are maps, but for `source`, which may be either. */
export const TEXT_SECTIONS: ReadonlySet<string> = new Set(['backend_type', 'remote_state_backend_type', 'required_version', 'command']);

/** Texts that an heir takes from the base nearest to it alone: where that one does not say them, those of farther bases don't count. */
export const NEAREST_ONLY: readonly Section[] = ['command', 'backend_type', 'remote_state_backend_type'];

/** Sections in which a YAML function and what is merged with it are both kept until the function has run, once bases are merged. */
export const DEFERRING: readonly Section[] = ['vars', 'settings', 'env', 'providers', 'required_providers', 'hooks', 'generate'];

const FOR_ALL: readonly Section[] = ['vars', 'settings', 'env', 'dependencies'];
const OF_A_KIND: readonly Section[] = [...FOR_ALL, 'command'];

/** At a stack's root, for the components of a kind. */
const AT_ROOT: Partial<Record<string, readonly Section[]>> = {
  terraform: [...FOR_ALL, 'hooks', 'generate'],
  helm: [...FOR_ALL, 'hooks', 'generate'],
};

/** In the section of a kind (`terraform:`). */
const IN_KIND: Partial<Record<string, readonly Section[]>> = {
  terraform: [
    ...OF_A_KIND,
    'hooks',
    'generate',
    'providers',
    'provision',
    'backend_type',
    'backend',
    'remote_state_backend_type',
    'remote_state_backend',
  ],
  helm: [...OF_A_KIND, 'hooks', 'generate', 'source', 'provision'],
};

/** In a component and its bases. */
const IN_COMPONENT: Partial<Record<string, readonly Section[]>> = {
  terraform: SECTIONS,
  helm: [...OF_A_KIND, 'hooks', 'generate', 'source', 'provision', ...HELM_SECTIONS],
  helmfile: [...OF_A_KIND, 'hooks', 'source', 'provision', 'plugins'],
  packer: [...OF_A_KIND, 'source', 'provision'],
};

const IN_OVERRIDES: readonly Section[] = [...DEFERRING, 'required_version', 'command'];

/** What in the section of a kind only a component can say. */
const ONE_ALONE: Readonly<Record<string, readonly string[]>> = { terraform: ['source', 'metadata'] };

export function notForAll(kind: string): readonly string[] {
  return ONE_ALONE[kind] ?? ['metadata'];
}

/** What of `metadata` can be said of all components at once: what is left out is what tells one from another. */
export const METADATA_FOR_ALL = ['labels', 'tags', 'custom', 'enabled', 'locked', 'terraform_workspace_pattern'] as const;

/** Where a section stands. */
export type Level = 'root' | 'kind' | 'component' | 'overrides';

/** The sections that count at a level for components of a kind; Atmos passes over all others. */
export function sectionsAt(level: Level, kind: string): readonly Section[] {
  const inComponent = IN_COMPONENT[kind] ?? SECTIONS;
  switch (level) {
    case 'root':
      return AT_ROOT[kind] ?? FOR_ALL;
    case 'kind':
      return IN_KIND[kind] ?? OF_A_KIND;
    case 'component':
      return inComponent;
    case 'overrides':
      return IN_OVERRIDES.filter((section) => inComponent.includes(section));
    default:
      return level satisfies never;
  }
}

/** The part of a layer that is merged into a component's sections. A section that is null says nothing. @throws AtmosError `wrong-type`, `missing-key` */
export function pick(layer: LocatedMap | undefined, sections: readonly Section[]): LocatedMap | undefined {
  if (layer === undefined) return undefined;
  const entries = sections.flatMap((name): readonly (readonly [string, Entry])[] => {
    const entry = layer.entries.get(name);
    if (entry === undefined || (entry.value.kind === 'scalar' && entry.value.value === null && entry.value.tag === undefined)) return [];
    const isFree = TEXT_SECTIONS.has(name) || (HELM_SECTIONS as readonly Section[]).includes(name);
    if (entry.value.kind === 'scalar' && entry.value.tag !== undefined && !isFree) {
      throw errorAt(entry.value.at, `"${name}" must be a map: ${entry.value.tag} can't stand for a whole section`, {
        code: 'yaml-function',
      });
    }
    if (name === 'source' && entry.value.kind === 'scalar' && typeof entry.value.value === 'string')
      return [[name, shortSource(entry, entry.value)]];
    if (!isFree) mapOf(entry.value, `"${name}"`);
    if (name === 'source' && member(entry.value, 'uri') === undefined) {
      throw errorAt(entry.keyAt, '"source" needs a "uri"', { code: 'missing-key', hint: 'add uri: to it' });
    }
    return [[name, entry]];
  });
  return { kind: 'map', entries: new Map(entries), at: layer.at };
}

/** A source that is one text is its `uri`; an empty one is none. */
function shortSource({ keyAt }: Entry, uri: LocatedScalar): Entry {
  const entries = new Map(uri.value === '' ? [] : [['uri', { keyAt: uri.at, value: uri }]]);
  return { keyAt, value: { kind: 'map', entries, at: uri.at } };
}
