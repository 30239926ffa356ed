import { errorAt, itemsOf, type LocatedMap, mapOf, member, type Place, plain, textOf } from '../../yaml/index.ts';
import { suggestion } from '../model/nearest.ts';

export interface Bases {
  /** Nearest first, each once. */
  readonly inheritance: readonly string[];
  /** The sections that are merged, in this order. One that is reached by several ways is there as often. */
  readonly layers: readonly LocatedMap[];
  /** The farthest base that `component:` leads to. */
  readonly first: string | undefined;
}

/** Ways double with each level of bases that share a base. */
const MOST_BASES = 10_000;

/**
 * The components that a component inherits from, with theirs: what `component:` names, then `metadata.inherits`, each after its own bases.
 * @throws AtmosError `unknown-base`, `inheritance-cycle`, `duplicate-base`
 */
export function basesOf(
  name: string,
  layers: readonly (LocatedMap | undefined)[],
  components: LocatedMap | undefined,
  kind: string,
): Bases {
  const inheritance: string[] = [];
  const merged: LocatedMap[] = [];
  let visits = 0;
  const visit = (base: Base, path: readonly string[]): void => {
    visits += 1;
    if (visits > MOST_BASES) {
      throw errorAt(base.at, `"${name}" inherits from too many components (limit: ${MOST_BASES}, counting every path)`, {
        code: 'too-many-bases',
        hint: 'simplify the inheritance chain',
      });
    }
    const isKnown = member(components, base.name) !== undefined;
    // `component:` names a base only when there is one of that name; else it is the root module alone.
    if (base.isAttribute && (!isKnown || path.includes(base.name))) return;
    if (path.includes(base.name)) {
      throw errorAt(base.at, `cycle in inheritance: ${[...path.slice(path.indexOf(base.name)), base.name].join(' → ')}`, {
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
    const isAbstract = plain(member(metadataOf(section), 'type')) === 'abstract';
    for (const next of namedBases(section)) if (!(isAbstract && next.isAttribute)) visit(next, [...path, base.name]);
    inheritance.push(base.name);
    if (section !== undefined) merged.push(section);
  };
  const own = layers.flatMap(namedBases);
  for (const [index, base] of own.entries()) if (own.findIndex((other) => other.name === base.name) === index) visit(base, [name]);
  const isFromAttribute = own.some(({ isAttribute, name: base }) => isAttribute && inheritance.includes(base));
  return { inheritance: [...new Set([...inheritance].reverse())], layers: merged, first: isFromAttribute ? inheritance[0] : undefined };
}

export function metadataOf(layer: LocatedMap | undefined): LocatedMap | undefined {
  return mapOf(member(layer, 'metadata'), '"metadata"');
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
      throw errorAt(item.at, `duplicate base "${text}" in metadata.inherits`, { code: 'duplicate-base', hint: 'remove one of them' });
    }
    if (text !== undefined) seen.add(text);
    return text === undefined ? [] : [{ name: text, at: item.at, isAttribute: false }];
  });
  const attribute = member(section, 'component');
  const base = textOf(attribute, '"component"');
  return base === undefined || attribute === undefined ? named : [{ name: base, at: attribute.at, isAttribute: true }, ...named];
}
