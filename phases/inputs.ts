import type { Policy, Scope } from '../config/index.ts';
import type { Digest, Input } from '../engine/index.ts';

/** All that expansion needs beside the scope; gathered before, so that expansion itself reads and asks nothing. */
export interface ExpansionInputs {
  /** The directories that were read, relative to the root, sorted. */
  readonly directories: readonly string[];
  /** Source trees, by address. */
  readonly sources: Readonly<Record<string, SourceOf>>;
  /** Policies in Rego, by address. */
  readonly policies: Readonly<Record<string, readonly GatheredPolicy[]>>;
  /** The pinned images, by name: those that kinds and the user's own nodes name. */
  readonly images: Readonly<Record<string, PinnedReference>>;
  /** The trees of the images that others are built upon, by name. */
  readonly bases: Readonly<Record<string, Digest>>;
}

/** An image as the lock file pins it. */
export interface PinnedReference {
  readonly reference: string;
  readonly digest: Digest;
}

/** The source of a component. */
export interface SourceOf {
  /** Its own directory, with what else it uses laid out as in the repository. */
  readonly tree: Digest;
  /** Its own directory in the tree; `''` when it is the tree itself. */
  readonly root: string;
  /** Of a root module: what its programs are made of. */
  readonly module?: ModuleSource;
}

export interface ModuleSource {
  readonly providers: Digest | undefined | { readonly requirements: Digest };
  /** Addresses of the providers that its modules require. */
  readonly providerNames: readonly string[];
  /** Whether the source has a lock file of its own. */
  readonly isLocked: boolean;
  /** Whether there are `*.tftest.hcl` or `*.tftest.json` files. */
  readonly hasTests: boolean;
}

/** A policy in Rego with what it is asked about. */
export interface GatheredPolicy {
  readonly policy: Policy;
  /** A tree with `input.json`. */
  readonly input: Digest;
  /** A tree with its file and its modules. */
  readonly rego: Digest;
}

/** A component that a promotion takes over: its layer as it ran in the source target. */
export interface TakenOver {
  readonly layer: Digest;
  /** What its kind needs of the layer to make the target's own: a tree. */
  readonly parts: Digest | undefined;
  /** Of a kind that builds images: the image's fields. */
  readonly image: { readonly image: string; readonly digest: string } | undefined;
}

/** The image that policies in Rego are checked in. */
export const OPA = 'opa';

/** Whether something in a scope is checked by Rego. */
export function hasRego({ components }: Scope): boolean {
  return Object.values(components).some(({ policies }) => policies?.list.some(({ type }) => type === 'opa') === true);
}

/** Where a node has something from: a tree, or the output of another node. */
export type From = Input['from'];
