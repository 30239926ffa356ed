import type { AtmosError } from '../../engine/index.ts';
import { errorAt, type LocatedMap, member, type Place, textOf } from '../../yaml/index.ts';
import { suggestion } from '../model/nearest.ts';
import type { Manifest } from './manifest.ts';

/** A component as the deployment file has it. */
export interface Wanted {
  readonly kind: string;
  readonly name: string;
  readonly at: Place;
  /** Whether stacks have components of its kind. */
  readonly inStacks: boolean;
  /** Its sections there. */
  readonly layers: readonly LocatedMap[];
}

/**
 * The manifest that a component is of: the one stack that has it, or the one that its section of the deployment file names with `stack`.
 * @throws AtmosError `unknown-stack`, `ambiguous-stack`
 */
export function manifestOf(manifests: readonly Manifest[], { kind, name, at, inStacks, layers }: Wanted): Manifest | undefined {
  const said = layers.map((layer) => member(layer, 'stack')).findLast((value) => value !== undefined);
  const asked = textOf(said, '"stack"');
  if (asked !== undefined) {
    const found = manifests.filter((manifest) => manifest.own === asked || manifest.name === asked);
    if (found.length === 1) return found[0];
    const hint = `stacks are: ${namesOf(manifests)}`;
    const problem = found.length === 0 ? `stack "${asked}" is not declared by the deployment` : `several stacks are called "${asked}"`;
    throw errorAt(said?.at, problem, { code: 'unknown-stack', hint });
  }
  if (manifests.length < 2) return manifests[0];
  const having = manifests.filter(({ root }) => member(member(member(root, 'components'), kind), name) !== undefined);
  if (having.length === 1) return having[0];
  // What Atmos has no components of is of no stack, unless one says something of it.
  if (having.length === 0 && !inStacks) return undefined;
  throw ambiguous(`${kind}/${name}`, at, having, manifests);
}

/** The manifest of a component deployed elsewhere. @throws AtmosError `unknown-component`, `ambiguous-stack` */
export function readManifest(manifests: readonly Manifest[], name: string, at: Place): Manifest {
  const having = manifests.filter(({ root }) => member(member(member(root, 'components'), 'terraform'), name) !== undefined);
  const [first] = having;
  if (having.length > 1) throw ambiguous(`terraform/${name}`, at, having, manifests);
  if (first !== undefined) return first;
  const names = manifests.flatMap(({ root }) => {
    const all = member(member(root, 'components'), 'terraform');
    return all?.kind === 'map' ? [...all.entries.keys()] : [];
  });
  throw errorAt(at, `none of the stacks has terraform/${name}: ${namesOf(manifests)}`, {
    code: 'unknown-component',
    hint: suggestion(name, names, 'components there'),
  });
}

function ambiguous(address: string, at: Place, having: readonly Manifest[], all: readonly Manifest[]): AtmosError {
  const problem = having.length === 0 ? `none of the stacks has ${address}` : `${address} is in several of the stacks: ${namesOf(having)}`;
  return errorAt(at, problem, {
    code: 'ambiguous-stack',
    hint: `set its stack in the deployment file: stack: <name>   Stacks are: ${namesOf(all)}`,
  });
}

/** Names that are alike are told apart by their files. */
function namesOf(manifests: readonly Manifest[]): string {
  const count = (own: string | undefined): number => manifests.filter((other) => other.own === own).length;
  return manifests.map(({ own, name }) => (own === undefined || count(own) > 1 ? name : own)).join(', ');
}
