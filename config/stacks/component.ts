import { suggestion } from '../nearest.ts';
import { type Entry, errorAt, itemsOf, type LocatedMap, type LocatedScalar, mapOf, member, type Place, textOf } from '../yaml/located.ts';
import type { Merger } from '../yaml/merge.ts';
import type { Manifest } from './imports.ts';

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

/** Sections that are one text; the others are maps, but for `source`, which may be either. */
export const TEXT_SECTIONS: ReadonlySet<string> = new Set(['backend_type', 'remote_state_backend_type', 'required_version', 'command']);

/** A component as stacks and the deployment file configure it, merged but not evaluated. */
export interface MergedComponent {
  /** What the stacks say: a map by section name. */
  readonly stacks: LocatedMap | undefined;
  /** What the deployment and the target say, to be merged over it. */
  readonly overlay: LocatedMap | undefined;
  readonly metadata: LocatedMap | undefined;
  readonly overrides: LocatedMap | undefined;
  /** The root module below the kind's base path that the component or one of its bases names; `undefined` when it is the component's own name. */
  readonly module: string | undefined;
  /** What Atmos reports as `component`: the root module if the component names it itself. */
  readonly component: string;
  /** Base components, nearest first. */
  readonly inheritance: readonly string[];
  /** The section `backend` of the component and its bases alone. */
  readonly ownBackend: LocatedMap | undefined;
}

/** Where a component's configuration stands. */
export interface ComponentLayers {
  /** The declared stacks with all that they import. */
  readonly manifest: Manifest | undefined;
  /** The deployment's section of the component, then the target's. */
  readonly overlays: readonly LocatedMap[];
}

/** How components are merged. */
export interface MergeRules {
  readonly merger: Merger;
  /** Whether components inherit the metadata of their bases. */
  readonly inheritMetadata: boolean;
}

/**
 * Merges a component: globals, then its kind's section, then its base components in order, then itself, then `overrides`. What the deployment and
 * the target say is kept apart, since the context comes in between.
 * @throws AtmosError `unknown-base`, `inheritance-cycle`, `wrong-type`
 */
export function mergeComponent(
  kind: string,
  name: string,
  { manifest: stacks, overlays }: ComponentLayers,
  { merger, inheritMetadata }: MergeRules,
): MergedComponent {
  const mergeAll = merger.all;
  const manifest = stacks?.root;
  const components = mapOf(member(mapOf(member(manifest, 'components'), '"components"'), kind), `"components.${kind}"`);
  const own = mapOf(member(components, name), `component "${name}"`);
  const overlay = mergeAll(overlays);
  const { inheritance, bases } = basesOf(name, [own, overlay], components, kind);
  const kindSection = mapOf(member(manifest, kind), `"${kind}"`);
  const shared = kindSection?.entries.get('source');
  if (shared !== undefined) {
    throw errorAt(shared.keyAt, `"${kind}.source" can't be set for all components`, { code: 'not-for-all', hint: 'set it in a component' });
  }
  const overrides = stacks?.overrides.get(`${kind}/${name}`);
  const metadata = mergeAll([
    ...[manifest, kindSection].map(defaultMetadata),
    ...(inheritMetadata ? bases.map((base) => inheritable(metadataOf(base))) : []),
    ...[own, overlay].map(metadataOf),
  ]);
  const attribute = [...bases, own, overlay].map((layer) => textOf(member(layer, 'component'), '"component"'));
  const named = mergeAll([own, overlay].map(metadataOf));
  const template = metadata?.entries.get('terraform_workspace_template');
  if (template !== undefined) {
    throw errorAt(template.keyAt, 'there is no metadata.terraform_workspace_template', {
      code: 'unknown-key',
      hint: 'there are metadata.terraform_workspace and metadata.terraform_workspace_pattern',
    });
  }
  const component = textOf(member(named, 'component'), '"metadata.component"') ?? attribute.findLast((text) => text !== undefined);
  return {
    stacks: mergeAll([...[manifest, kindSection].map((layer) => without(layer, COMPONENT_ONLY)), ...bases, own, overrides].map(pick)),
    overlay: pick(overlay),
    metadata,
    overrides: own === undefined ? undefined : overrides,
    module: component ?? textOf(member(metadata, 'component'), '"metadata.component"'),
    component: component ?? name,
    inheritance,
    ownBackend: mergeAll([...bases, own, overlay].map((layer) => mapOf(member(layer, 'backend'), '"backend"'))),
  };
}

/** Sections that count in components and their bases only: Atmos takes no defaults of them from a stack or a kind. */
const COMPONENT_ONLY = ['required_version', 'required_providers'];

function without(layer: LocatedMap | undefined, keys: readonly string[]): LocatedMap | undefined {
  return layer === undefined ? undefined : { ...layer, entries: new Map([...layer.entries].filter(([key]) => !keys.includes(key))) };
}

function metadataOf(layer: LocatedMap | undefined): LocatedMap | undefined {
  return mapOf(member(layer, 'metadata'), '"metadata"');
}

/** The metadata that a stack or a kind gives to all its components. @throws AtmosError `not-for-all` for what only a component can say */
function defaultMetadata(layer: LocatedMap | undefined): LocatedMap | undefined {
  const metadata = metadataOf(layer);
  for (const key of ['component', 'inherits']) {
    const entry = metadata?.entries.get(key);
    if (entry === undefined) continue;
    throw errorAt(entry.keyAt, `metadata.${key} can't be set for all components`, { code: 'not-for-all', hint: 'set it in a component' });
  }
  return metadata;
}

/** What an heir takes over of its base's metadata. */
function inheritable(metadata: LocatedMap | undefined): LocatedMap | undefined {
  return without(metadata, ['inherits', 'type']);
}

interface Bases {
  /** Nearest first. */
  readonly inheritance: readonly string[];
  /** Farthest first: the order in which they are merged. */
  readonly bases: readonly LocatedMap[];
}

/** The components that `layers` inherit from, with theirs. */
function basesOf(name: string, layers: readonly (LocatedMap | undefined)[], components: LocatedMap | undefined, kind: string): Bases {
  // By name, in the order in which they are merged: one that several have counts where the last of them takes it.
  const found = new Map<string, LocatedMap | undefined>();
  const visit = (named: readonly Base[], path: readonly string[]): void => {
    for (const base of named) {
      const isKnown = member(components, base.name) !== undefined;
      // `component:` names a base only when there is one of that name; else it is the root module alone.
      if (base.isAttribute && (!isKnown || path.includes(base.name))) continue;
      if (path.includes(base.name)) {
        throw errorAt(base.at, `components inherit from one another: ${[...path.slice(path.indexOf(base.name)), base.name].join(' → ')}`, {
          code: 'inheritance-cycle',
          hint: 'remove one of these from metadata.inherits',
        });
      }
      if (!isKnown) {
        const names = [...(components?.entries.keys() ?? [])];
        throw errorAt(base.at, `component "${path.at(-1)}" inherits from "${base.name}", which the declared stacks do not have`, {
          code: 'unknown-base',
          hint: suggestion(base.name, names, `${kind} components of these stacks`),
        });
      }
      const section = mapOf(member(components, base.name), `component "${base.name}"`);
      visit(namedBases(section), [...path, base.name]);
      found.delete(base.name);
      found.set(base.name, section);
    }
  };
  visit(layers.flatMap(namedBases), [name]);
  return { inheritance: [...found.keys()].reverse(), bases: [...found.values()].filter((section) => section !== undefined) };
}

interface Base {
  readonly name: string;
  readonly at: Place;
  /** Named by `component:`, not by `metadata.inherits`. */
  readonly isAttribute: boolean;
}

function namedBases(section: LocatedMap | undefined): readonly Base[] {
  const inherits = itemsOf(member(metadataOf(section), 'inherits'), '"inherits"');
  const seen = new Set<string>();
  const named = inherits.flatMap((item) => {
    const text = textOf(item, 'a base component');
    if (text !== undefined && seen.has(text)) {
      throw errorAt(item.at, `"${text}" stands twice in metadata.inherits`, { code: 'duplicate-base', hint: 'remove one of them' });
    }
    if (text !== undefined) seen.add(text);
    return text === undefined ? [] : [{ name: text, at: item.at, isAttribute: false }];
  });
  const attribute = member(section, 'component');
  const base = textOf(attribute, '"component"');
  return base === undefined || attribute === undefined ? named : [{ name: base, at: attribute.at, isAttribute: true }, ...named];
}

/** The part of a layer that is merged into a component's sections. A section that is null says nothing. */
function pick(layer: LocatedMap | undefined): LocatedMap | undefined {
  if (layer === undefined) return undefined;
  const entries = SECTIONS.flatMap((name): readonly (readonly [string, Entry])[] => {
    const entry = layer.entries.get(name);
    if (entry === undefined || (entry.value.kind === 'scalar' && entry.value.value === null)) return [];
    if (entry.value.kind === 'scalar' && entry.value.tag !== undefined && !TEXT_SECTIONS.has(name)) {
      throw errorAt(entry.value.at, `"${name}" must be a map: ${entry.value.tag} can't stand for a whole section`, {
        code: 'yaml-function',
      });
    }
    if (name === 'source' && entry.value.kind === 'scalar' && typeof entry.value.value === 'string')
      return [[name, shortSource(entry, entry.value)]];
    if (!TEXT_SECTIONS.has(name)) mapOf(entry.value, `"${name}"`);
    if (name === 'source' && member(entry.value, 'uri') === undefined) {
      throw errorAt(entry.keyAt, '"source" does not say where it is', { code: 'missing-key', hint: 'add uri: to it' });
    }
    return [[name as string, entry] as const];
  });
  return { kind: 'map', entries: new Map(entries), at: layer.at };
}

/** A source that is one text is its `uri`. */
function shortSource({ keyAt }: Entry, uri: LocatedScalar): Entry {
  return { keyAt, value: { kind: 'map', entries: new Map([['uri', { keyAt: uri.at, value: uri }]]), at: uri.at } };
}
