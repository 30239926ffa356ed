import { type ComputeFunctions, parseAddress } from '../engine/index.ts';
import type { ComponentKind, Kinds } from '../phases/index.ts';
import { describeLayer, LAYER } from '../releases/index.ts';
import * as registry from './registry.ts';

/** The kinds that come with the program, by name. */
export const KINDS: Kinds = Object.fromEntries(Object.values(registry).map((kind: ComponentKind) => [kind.spec.name, kind]));

/** The compute functions that nodes of some kinds call. */
export function computesOf(kinds: Kinds): ComputeFunctions {
  return Object.assign({ [LAYER.name]: describeLayer }, ...Object.values(kinds).map(({ computes }) => computes ?? {})) as ComputeFunctions;
}

/** The kind whose node one is, by its component's address; those that read of somebody else's components are Terraform's. */
export function kindOfNode(kinds: Kinds, address: string): ComponentKind | undefined {
  const { kind } = parseAddress(address);
  return kind === 'read' ? registry.terraform : kinds[kind];
}
