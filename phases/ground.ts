import type { Policy, Scope } from '../config/index.ts';
import type { Digest } from '../engine/index.ts';

/** All that expansion needs beside the scope; gathered before, so that expansion itself reads and asks nothing. */
export interface Ground {
  /** The directories that were read, relative to the root, sorted. */
  readonly directories: readonly string[];
  /** Source trees, by address. */
  readonly sources: Readonly<Record<string, SourceOf>>;
  /** Policies in Rego, by address. */
  readonly policies: Readonly<Record<string, readonly GatheredPolicy[]>>;
  /** The pinned images, by name: `terraform`, `node`, and those that the user's own nodes name. */
  readonly images: Readonly<Record<string, { readonly reference: string; readonly digest: Digest }>>;
  /** The trees of the images that others are built upon, by name. */
  readonly bases: Readonly<Record<string, Digest>>;
}

export interface SourceOf {
  /** Tree of the root module with the local modules that it uses, or of the service. */
  readonly tree: Digest;
  /** Directory of the root module in the tree; `''` when it is the tree itself. */
  readonly root: string;
  readonly providers: Digest | undefined | { readonly requirements: Digest };
  /** Addresses of the providers that its modules require. */
  readonly providerNames: readonly string[];
  /** Whether the source has a lock file of its own. */
  readonly isLocked: boolean;
  /** Whether there are `*.tftest.hcl` or `*.tftest.json` files. */
  readonly hasTests: boolean;
}

/** The image that policies in Rego are checked in. */
export const OPA = 'opa';

/** A policy in Rego with what it is asked about. */
export interface GatheredPolicy {
  readonly policy: Policy;
  /** A tree with `input.json`. */
  readonly input: Digest;
  /** A tree with its file and its modules. */
  readonly rego: Digest;
}

/** Whether something in a scope is checked by Rego. */
function hasRego({ components }: Scope): boolean {
  return Object.values(components).some(({ policies }) => policies?.list.some(({ type }) => type === 'opa') === true);
}

/** A component that a promotion takes over: its layer as it ran in the source target. */
export interface TakenOver {
  readonly layer: Digest;
  /** Tree with `.terraform.lock.hcl`, empty when there is none. */
  readonly lock: Digest;
  /** The image's fields, for a nixpack component. */
  readonly image: { readonly image: string; readonly digest: string } | undefined;
}

/** Image of nodes of a kind: a name under `deployments.images`. */
export function terraformImage(command: string): string {
  return command === 'tofu' ? 'tofu' : 'terraform';
}

/** The names of the images that the nodes of a scope run in. */
export function imageNames(scope: Scope): readonly string[] {
  const names = new Set<string>();
  for (const { kind, sections } of Object.values(scope.components)) {
    if (kind === 'terraform') names.add(terraformImage(String(sections.command ?? 'terraform')));
    if (kind === 'nixpack') names.add(baseOf(sections));
  }
  for (const { command } of Object.values(scope.reads ?? {})) names.add(terraformImage(command));
  if (hasRego(scope)) names.add(OPA);
  for (const node of Object.values(scope.phases).flat()) {
    if (node?.image !== undefined) names.add(node.image);
  }
  return [...names].sort();
}

/** Which image a nixpack component is built upon: `settings.nixpack.base`, else `node`. */
export function baseOf(sections: Scope['components'][string]['sections']): string {
  return readSetting(sections, 'base') ?? 'node';
}

/** A text under `settings.nixpack`. */
export function readSetting(sections: Scope['components'][string]['sections'], name: string): string | undefined {
  const { settings } = sections;
  const nixpack = isRecord(settings) ? settings.nixpack : undefined;
  const value = isRecord(nixpack) ? nixpack[name] : undefined;
  return typeof value === 'string' ? value : undefined;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
