import type { ConfigFiles, KindSpec, ScopedComponent, TextCache } from '../config/index.ts';
import {
  AtmosError,
  type ComputeFunctions,
  type Digest,
  type ErrorDetails,
  type FailedOutcome,
  type Input,
  type JsonObject,
  type Mask,
  type Node,
  type NodeId,
  type SecretRef,
  type Store,
  type TargetRef,
  type Tree,
} from '../engine/index.ts';
import type { ReleaseComponent } from '../releases/index.ts';
import type { ExpansionInputs, SourceOf, TakenOver } from './inputs.ts';
import type { PlannedOutputs, PlanSummary, ToolWarning } from './plan-summary.ts';
import type { ProviderSources, Sources } from './sources.ts';

/** Images that nodes of a component read by digest, where they were built with the same release, and what a promotion brings of others. */
export interface ReleaseContext {
  readonly inputs: ExpansionInputs;
  /** What a promotion takes over of this component. */
  readonly takenOver: TakenOver | undefined;
  /** What the component reads of images, by the address of who builds each: a tree with the image, and its name; or the image itself, where it is known. */
  readonly images: Readonly<
    Record<string, { readonly from: Input['from']; readonly name: string } | { readonly image: string; readonly digest: string }>
  >;
}

/**
 * A kind of components: what its phases are made of. One folder of `kinds/` has one, and so may an npm package. Its functions are pure, but for those that
 * return promises: these read, before anything runs.
 */
export interface ComponentKind {
  readonly spec: KindSpec;
  /** The names of the images that its nodes run in: of `deployments.images`, or references. */
  images(component: ScopedComponent): readonly string[];
  /** The name of the image that its own image is built upon, whose tree is read before. */
  base?(component: ScopedComponent): string | undefined;
  /** Reads its source. */
  gather(component: ScopedComponent, from: Sources): Promise<SourceOf>;
  /** Nodes of the build phase. */
  build?(component: ScopedComponent, inputs: ExpansionInputs): readonly Node[];
  /** Nodes of the test phase, beside those of the build phase. */
  test?(component: ScopedComponent, inputs: ExpansionInputs): readonly Node[];
  /** What nodes of the user's own see of it, where that is not its source: the output of one of its build nodes. */
  built?(component: ScopedComponent, inputs: ExpansionInputs): Input['from'];
  /** For a kind that builds images: what a component's is called, without tag. Its node `<address>/image` has the output `image`. */
  imageName?(component: ScopedComponent): string;
  /** Nodes that make its layer of a release: `<address>/synth` has the output `files`. A kind whose layer is all that a promotion takes over is not asked then. */
  layer(component: ScopedComponent, context: ReleaseContext): readonly Node[];
  /** What a release says of it beside the layer: all that rolling it out needs. */
  settings(component: ScopedComponent, source: SourceOf): JsonObject;
  /** Whether a promotion takes the whole layer over, and makes nothing anew. */
  readonly isTakenWhole: boolean;
  /** Of a layer that a promotion takes over, what making the target's own needs: a tree. */
  takeOver?(layer: Tree, store: Store): Promise<Digest>;
  /** How it is rolled out. A kind without has nothing to run there: whoever reads of it has that from the release. */
  readonly rollout?: RolloutKind;
  /** What went wrong in one of its nodes, as its tool says it; `undefined` where the tool says nothing that can be read. */
  diagnose?(failure: NodeFailure): Promise<Diagnosis | undefined>;
  /** The compute functions that its nodes call. */
  readonly computes?: ComputeFunctions;
}

/** A node that failed. */
export interface NodeFailure extends TargetRef {
  readonly address: string;
  readonly outcome: FailedOutcome;
  readonly store: Pick<Store, 'tree' | 'get'>;
  readonly files: ConfigFiles;
  /** The component as its stacks have it, where the release was made just now. */
  readonly component: ScopedComponent | undefined;
}

export type Diagnosis = Pick<ErrorDetails, 'code' | 'position' | 'hint'> & { readonly text: string };

/** How components of a kind are rolled out, from a release alone. */
export interface RolloutKind {
  /** The name of the image that its nodes run in, by what the release says of the component. */
  image(settings: JsonObject): string;
  /** Whether a component has anything to run there. Absent: each has. */
  runs?(settings: JsonObject): boolean;
  /** Whether it can say what it would change without changing it. */
  plans(settings: JsonObject): boolean;
  /** Reads what its nodes need of its layer. */
  open(request: OpenRequest): Promise<Opened>;
  /** The nodes that come before its plan; the last makes what the plan and the apply run on of the values that `reads` has. */
  prepare(instance: Instance, reads: UpstreamReads): readonly Node[];
  /** `<address>/plan`, or `<address>/plan-destroy`: output `plan`. */
  plan(instance: Instance, options: PlanOptions): Node;
  /** `<address>/apply`, or `<address>/destroy`: does what the plan said. Output `outputs`: a tree with `outputs.json`. */
  apply(instance: Instance, options: { readonly destroy: boolean }): Node;
  /**
   * `<address>/outputs`: reads the outputs of what runs. Output `outputs`: a tree with `outputs.json`. `reads` has what its own variables are computed of
   * now, for a kind with `readsUpstream`; else it is empty.
   */
  outputs(instance: Instance, reads: UpstreamReads): readonly Node[];
  /** Whether reading its outputs takes its variables, and with them what it reads of others. */
  readonly readsUpstream?: true;
  /** What a plan's output says. */
  readPlan(plan: Digest, store: Store, mask: Mask): Promise<PlanSummary>;
  /** What a plan's output says of outputs: `undefined` where it changes nothing. */
  plannedOutputs(plan: Digest, instance: Instance, store: Store): Promise<PlannedOutputs | undefined>;
  /** The outputs that an apply must print, or it failed. Absent: none. */
  requiredOutputs?(settings: JsonObject): readonly string[];
  /** What an apply's output warned of. */
  readWarnings?(outputs: Digest, store: Store, mask: Mask): Promise<readonly ToolWarning[]>;
  /** Nodes that work on a component's state: absent for a kind that keeps none. */
  readonly state?: {
    /** `<address>/state-push`: writes a rescued state to its backend. */
    push(instance: Instance, rescued: Digest): Node;
    /** `<address>/state-unlock`: output `unlocked`. */
    unlock(instance: Instance): Node;
  };
}

export interface OpenRequest {
  readonly component: ReleaseComponent;
  readonly layer: Digest;
  readonly store: Store;
  readonly cache: TextCache;
  readonly providers: ProviderSources;
  readonly secrets: readonly SecretRef[];
  /** What an earlier node of the same command made of the same source: see `Instance.prepared`. */
  readonly prepared: Digest | undefined;
  /** `<deployment>/<target>`. */
  readonly owner: string;
  /** What a source of a variable gives on this machine; `undefined` for what is not known so. */
  readonly knownValue: (from: string) => string | undefined;
}

/** What of a component's layer its nodes need. */
export interface Opened {
  /** The outputs that it declares. */
  readonly outputs: readonly string[];
  /** The kinds of values that its variables take, by name; what is not known is not there. */
  readonly variableTypes: Readonly<Record<string, string>>;
  /** Names of variables of its environment whose values its tool reads as expressions: a text is quoted for them. */
  readonly expressions: ReadonlySet<string>;
  /** Where it keeps its state; `undefined` where it keeps none. */
  readonly state: StatePlace | undefined;
  /** The kind's own. */
  readonly trees: Readonly<Record<string, Digest | undefined | { readonly requirements: Digest }>>;
}

/** Where a component's state lies. */
export interface StatePlace {
  readonly backend: string;
  readonly workspace: string;
  /** As `statePlace` has it. */
  readonly place: string | undefined;
  /** The digest of the backend's configuration. */
  readonly config: Digest;
}

/** A component as a release has it, with all that its nodes need; gathered before. */
export interface Instance extends Opened {
  readonly address: string;
  readonly component: ReleaseComponent;
  readonly rollout: RolloutKind;
  readonly layer: Digest;
  /** The image that its nodes run in. */
  readonly image: Digest;
  readonly secrets: readonly SecretRef[];
  /** A tree with `stores.json`: what it reads of stores; `undefined` where it reads none. */
  readonly stores: Digest | undefined;
  /** Below the state root: the directory of its local state. */
  readonly stateDir: string;
}
export type Instances = Readonly<Record<string, Instance>>;

/** What a component reads of others: inputs of the node that computes its variables. */
export interface UpstreamReads {
  /** By the address of who has them: trees with `outputs.json`. */
  readonly outputs: Readonly<Record<string, Input['from']>>;
  /** The outputs that each declares: one that has no value now is null. */
  readonly declared: Readonly<Record<string, readonly string[]>>;
  /** For what is to be destroyed: what it read of components that are gone is an empty value. */
  readonly isGone: boolean;
}

export interface PlanOptions {
  readonly destroy: boolean;
  /** It will be applied, and is kept for that. */
  readonly isApplied: boolean;
  /** What it would change is told by attributes, too. */
  readonly isShown: boolean;
  readonly after: readonly NodeId[];
}

/** The kinds that there are, by name. */
export type Kinds = Readonly<Record<string, ComponentKind>>;

/** The kind of a component. @throws AtmosError `unsupported-kind` for one that is described, and not deployed */
export function kindOf(kinds: Kinds, { address, kind }: { readonly address: string; readonly kind: string }): ComponentKind {
  const found = Object.hasOwn(kinds, kind) ? kinds[kind] : undefined;
  if (found !== undefined) return found;
  throw new AtmosError(`${address}: components of kind ${kind} cannot be deployed by this version`, {
    kind: 'invalid',
    code: 'unsupported-kind',
    hint: `kinds that can: ${Object.keys(kinds).join(', ')}`,
  });
}
