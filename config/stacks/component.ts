import {
  errorAt,
  LIST_STRATEGIES,
  type ListStrategy,
  type Located,
  type LocatedMap,
  type Merger,
  mapOf,
  member,
  plain,
  textOf,
} from '../../yaml/index.ts';
import { basesOf, metadataOf } from './bases.ts';
import type { Manifest } from './manifest.ts';
import { DEFERRING, type Level, METADATA_FOR_ALL, NEAREST_ONLY, notForAll, pick, type Section, sectionsAt } from './sections.ts';

/** A component as stacks and the deployment file configure it, merged but not evaluated. */
export interface MergedComponent {
  /** What the stacks say: a map by section name. */
  readonly stacks: LocatedMap | undefined;
  /** What the deployment and the target say, to be merged over it. */
  readonly overlay: LocatedMap | undefined;
  readonly metadata: LocatedMap | undefined;
  /** The locals of the component and its bases, which are for templates only. */
  readonly locals: LocatedMap | undefined;
  readonly overrides: LocatedMap | undefined;
  /** The root module below the kind's base path that the component or one of its bases names; `undefined` when it is the component's own name. */
  readonly module: string | undefined;
  /** What Atmos reports as `component`: the root module if the component names it itself. */
  readonly component: string;
  /** Base components, nearest first. */
  readonly inheritance: readonly string[];
  /** The section `backend` of the component and its bases alone. */
  readonly ownBackend: LocatedMap | undefined;
  /** `depends_on` of the component itself or the nearest base that has it: where Atmos once had what is in `settings` now. */
  readonly dependsOn: Located | undefined;
  /** The variables that it sets itself, in the stacks or in the deployment file. */
  readonly ownVars: ReadonlySet<string>;
  /** Lays sections over one another as this component wants its lists merged. */
  readonly lay: (layers: readonly (LocatedMap | undefined)[]) => LocatedMap | undefined;
  /** Merges what YAML functions gave. */
  readonly merger: Merger;
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
  /** `settings.list_merge_strategy` of `atmos.yaml`, which the settings of a component may replace. */
  readonly strategy: ListStrategy;
  readonly mergerOf: (strategy: ListStrategy, options: { readonly defers: boolean }) => Merger;
  /** `stacks.inherit` of `atmos.yaml`: whether components inherit the metadata, and the source with its provisioning, of their bases. */
  readonly inherit: { readonly metadata: boolean; readonly source: boolean };
  /** Under all that stacks say. */
  readonly defaults: LocatedMap | undefined;
}

/**
 * Merges a component: globals with its kind's section, its base components in order, itself, then `overrides`. What the deployment and the target say is
 * kept apart, since the context comes in between.
 * @throws AtmosError `unknown-base`, `inheritance-cycle`, `wrong-type`, `wrong-value`
 */
export function mergeComponent(kind: string, name: string, layers: ComponentLayers, rules: MergeRules): MergedComponent {
  const { manifest: stacks, overlays } = layers;
  const { strategy, mergerOf, inherit } = rules;
  const plainly = mergerOf(strategy, { defers: false });
  const manifest = stacks?.root;
  const components = mapOf(member(mapOf(member(manifest, 'components'), '"components"'), kind), `"components.${kind}"`);
  const own = mapOf(member(components, name), `component "${name}"`);
  const overlay = plainly.all(overlays);
  const { inheritance, layers: bases, first } = basesOf(name, [own, overlay], components, kind);
  const kindSection = mapOf(member(manifest, kind), `"${kind}"`);
  checkKindSection(kind, kindSection);
  const carried = stacks?.overrides.get(`${kind}/${name}`);
  const written = mapOf(member(own, 'overrides'), '"overrides"');
  // What a file says of all its components takes the place of what one of them says of itself.
  const isCarried = carried !== undefined && carried.entries.size > 0;
  const overrides = own === undefined ? undefined : isCarried ? carried : written;

  const at = (level: Level, layer: LocatedMap | undefined): LocatedMap | undefined => pick(layer, sectionsAt(level, kind));
  const globals = plainly.all([rules.defaults, at('root', manifest), at('kind', kindSection)]);
  const inherited = mergeBases(bases, rules, [own, overrides], (base) => {
    const picked = at('component', base);
    return inherit.source ? picked : without(picked, ['source', 'provision']);
  });
  const mine = [own, overlay, overrides].map((layer) => mapOf(member(layer, 'settings'), '"settings"'));
  const settings = [globals, inherited].map((layer) => mapOf(member(layer, 'settings'), '"settings"'));
  const merged = strategyOf(strategy, [...settings, ...mine]);
  const merger = mergerOf(merged, { defers: false });
  const mergers = { plainly, merger, deferring: mergerOf(merged, { defers: true }) };
  const lay = (sections: readonly (LocatedMap | undefined)[]): LocatedMap | undefined => layOver(sections, mergers);

  const metadata = merger.all([
    defaultMetadata(manifest),
    inherit.metadata ? mergeBases(bases, rules, [own, overrides], inheritable) : undefined,
    ...[own, overlay].map(metadataOf),
  ]);
  const named = merger.all([own, overlay].map(metadataOf));
  // In a stack `component` names a base; where there is none of that name it says nothing. In the deployment file it is the root module.
  const component =
    textOf(member(named, 'component'), '"metadata.component"') ?? first ?? textOf(member(overlay, 'component'), '"component"');
  return {
    stacks: lay([globals, inherited, at('component', own), at('overrides', overrides)]),
    overlay: at('component', overlay),
    metadata,
    locals: merger.all([...bases, own].map((layer) => mapOf(member(layer, 'locals'), '"locals"'))),
    overrides,
    module: textOf(member(metadata, 'component'), '"metadata.component"') ?? component,
    component: component ?? name,
    inheritance,
    ownBackend: plainly.all([inherited, own, overlay].map((layer) => mapOf(member(layer, 'backend'), '"backend"'))),
    dependsOn: [...bases, own].map((layer) => member(layer, 'depends_on')).findLast((found) => found !== undefined),
    ownVars: new Set([own, overlay].flatMap((layer) => [...(mapOf(member(layer, 'vars'), '"vars"')?.entries.keys() ?? [])])),
    lay,
    merger,
  };
}

/** What bases give, each over those before it, with its lists merged as its own settings want it, or else the heir's. */
function mergeBases(
  bases: readonly LocatedMap[],
  { strategy, mergerOf }: MergeRules,
  heir: readonly (LocatedMap | undefined)[],
  part: (base: LocatedMap) => LocatedMap | undefined,
): LocatedMap | undefined {
  const settingsOf = (layer: LocatedMap | undefined): LocatedMap | undefined => mapOf(member(layer, 'settings'), '"settings"');
  const wanted = strategyOf(strategy, heir.map(settingsOf));
  const parts = bases.map(part);
  const merged = bases.reduce<LocatedMap | undefined>(
    (all, base, index) => mergerOf(strategyOf(wanted, [settingsOf(base)]), { defers: false }).all([all, parts[index]]),
    undefined,
  );
  const nearest = parts.at(-1);
  if (merged === undefined || nearest === undefined) return merged;
  return without(
    merged,
    NEAREST_ONLY.filter((section) => !nearest.entries.has(section)),
  );
}

/** The last of some settings that says how lists are merged. @throws AtmosError `wrong-value` */
function strategyOf(otherwise: ListStrategy, settings: readonly (LocatedMap | undefined)[]): ListStrategy {
  let found = otherwise;
  for (const layer of settings) {
    const said = member(layer, 'list_merge_strategy');
    const text = plain(said);
    if (said === undefined || typeof text !== 'string' || text === '') continue;
    const known = LIST_STRATEGIES.find((one) => one === text);
    if (known === undefined) {
      throw errorAt(said.at, `there is no list_merge_strategy "${text}"`, {
        code: 'wrong-value',
        hint: `write one of: ${LIST_STRATEGIES.join(', ')}`,
      });
    }
    found = known;
  }
  return found;
}

interface Mergers {
  /** As `atmos.yaml` says, for what tells where a state lies. */
  readonly plainly: Merger;
  readonly merger: Merger;
  readonly deferring: Merger;
}

function layOver(layers: readonly (LocatedMap | undefined)[], mergers: Mergers): LocatedMap | undefined {
  const given = layers.filter((layer) => layer !== undefined);
  const [bottom] = given;
  if (bottom === undefined) return undefined;
  const entries = new Map(bottom.entries);
  for (const { entries: over } of given.slice(1)) {
    for (const [name, { keyAt, value }] of over) {
      const merged: Located | undefined = mergerFor(name as Section, mergers).merge(entries.get(name)?.value, value);
      entries.set(name, { keyAt, value: merged ?? value });
    }
  }
  return { kind: 'map', entries, at: (given.at(-1) ?? bottom).at };
}

function mergerFor(section: Section, { plainly, merger, deferring }: Mergers): Merger {
  if (section === 'backend' || section === 'remote_state_backend') return plainly;
  return DEFERRING.includes(section) ? deferring : merger;
}

function without(layer: LocatedMap | undefined, keys: readonly string[]): LocatedMap | undefined {
  return layer === undefined ? undefined : { ...layer, entries: new Map([...layer.entries].filter(([key]) => !keys.includes(key))) };
}

/** The metadata that a stack gives to all its components. @throws AtmosError `not-for-all` for what only a component can say */
function defaultMetadata(layer: LocatedMap | undefined): LocatedMap | undefined {
  const metadata = metadataOf(layer);
  for (const [key, { keyAt }] of metadata?.entries ?? []) {
    if ((METADATA_FOR_ALL as readonly string[]).includes(key)) continue;
    throw errorAt(keyAt, `metadata.${key} can't be set for all components`, {
      code: 'not-for-all',
      hint: `set it in a component; for all there are: ${METADATA_FOR_ALL.join(', ')}`,
    });
  }
  return metadata;
}

/** @throws AtmosError `not-for-all` */
function checkKindSection(kind: string, section: LocatedMap | undefined): void {
  for (const key of notForAll(kind)) {
    const entry = section?.entries.get(key);
    if (entry === undefined) continue;
    throw errorAt(entry.keyAt, `"${kind}.${key}" can't be set for all components`, { code: 'not-for-all', hint: 'set it in a component' });
  }
}

/** What an heir takes over of its base's metadata. */
function inheritable(base: LocatedMap): LocatedMap | undefined {
  return without(metadataOf(base), ['inherits', 'type']);
}
