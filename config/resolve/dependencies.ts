import { type ComponentAddress, isObject, type Json, type JsonObject } from '../../engine/index.ts';
import type { Value } from '../../gotemplate/index.ts';
import { errorAt, itemsOf, type LocatedMap, member, plain } from '../../yaml/index.ts';
import { needsOf } from '../deferred/deferred.ts';
import { isRead } from '../deferred/read-need.ts';
import { dependencyAddress } from '../deployment/sections.ts';
import type { Places } from '../evaluation/places.ts';
import { suggestion } from '../model/nearest.ts';

import { storeOf } from '../project/stores.ts';

export interface Depending {
  readonly kind: string;
  readonly name: string;
  /** The stack that it is in. */
  readonly stack: string;
  readonly metadata: LocatedMap | undefined;
  readonly sections: JsonObject;
  /** What the component's own `depends_on` says; it counts where `settings.depends_on` says nothing. */
  readonly dependsOn: Json | undefined;
  /** The deployment's components. */
  readonly components: ReadonlySet<ComponentAddress>;
  readonly places: Places;
}

/** One component that another waits for, as a stack says it. */
interface Named {
  readonly name: string;
  readonly kind: string;
  /** The same as this, where it is one of the same stack. */
  readonly context: Readonly<Record<string, Json>>;
}

/**
 * What a component waits for, sorted: `metadata.depends_on`, what it reads of, and of `dependencies.components` and `settings.depends_on` what the deployment
 * has. All others, also those of another stack, are somebody else's to roll out.
 * @throws AtmosError `unknown-component`
 */
export function dependenciesOf(component: Depending): readonly ComponentAddress[] {
  const { kind, name, metadata, components, sections } = component;
  const declared = itemsOf(member(metadata, 'depends_on'), '"depends_on"').map((item) => {
    const [named] = namedBy(plain(item), kind);
    if (named === undefined)
      throw errorAt(item.at, `${kind}/${name} has a dependency without a name`, {
        code: 'wrong-type',
        hint: 'write the name of a component',
      });
    const text = named.kind === kind ? named.name : `${named.kind}/${named.name}`;
    const address = dependencyAddress(text, kind, components);
    if (components.has(address)) return address;
    throw errorAt(item.at, `${kind}/${name} depends on "${text}", which is not a component of this deployment`, {
      code: 'unknown-component',
      hint: suggestion(text, [...components], 'components'),
    });
  });
  const own = { stack: component.stack, vars: (isObject(sections.vars) ? sections.vars : {}) as Readonly<Record<string, Value>> };
  const named = namedIn(component)
    .map(({ context, ...other }) => ({ context, address: dependencyAddress(other.name, other.kind, components) }))
    .filter(({ address }) => components.has(address) && address !== `${kind}/${name}`)
    .filter(({ address, context }) => component.places.isMeantBy(address, context, own))
    .map(({ address }) => address);
  const read = needsOf(sections).flatMap((need) => (storeOf(need) === undefined && !isRead(need) ? [need.component] : []));
  return [...new Set([...declared, ...named, ...read])].sort();
}

/** `dependencies.components`, which is a list, and `settings.depends_on`, which is a list or a map with keys of no meaning. */
function namedIn({ kind, sections, dependsOn }: Depending): readonly Named[] {
  const inSection = (section: string, key: string): readonly Json[] => {
    const holder = sections[section];
    return itemsIn(isObject(holder) ? (holder[key] as Json | undefined) : undefined);
  };
  const inSettings = inSection('settings', 'depends_on');
  const items = [...inSection('dependencies', 'components'), ...(inSettings.length > 0 ? inSettings : itemsIn(dependsOn))];
  return items.flatMap((item) => namedBy(item, kind));
}

function itemsIn(value: Json | undefined): readonly Json[] {
  if (Array.isArray(value)) return value;
  return isObject(value) ? Object.values(value as JsonObject) : [];
}

/** Entries with a file or a folder name no component. */
function namedBy(item: Json, kind: string): readonly Named[] {
  if (typeof item === 'string') return [{ name: item, kind, context: {} }];
  if (!isObject(item)) return [];
  const { name, component, kind: other, type, ...context } = item as JsonObject;
  const said = component ?? name;
  if (typeof said !== 'string') return [];
  const of = other ?? type;
  return [{ name: said, kind: typeof of === 'string' ? of : kind, context }];
}
