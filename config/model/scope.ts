import type { AtmosError, ComponentAddress, Digest, Json, JsonObject, TargetRef } from '../../engine/index.ts';
import type { KindSpec } from './kinds.ts';

/** All that one deployment's target is made of, and nothing else of the repository. Plain data: it serializes to JSON. */
export interface Scope extends TargetRef {
  /** The deployment's labels with the target's over them. */
  readonly labels: Readonly<Record<string, string>>;
  readonly context: JsonObject;
  /** Sorted by address. */
  readonly components: Readonly<Record<ComponentAddress, ScopedComponent>>;
  /** Components that are somebody else's and whose outputs are read, by the component of such needs. Absent where there are none. */
  readonly reads?: Readonly<Record<string, ReadSettings>>;
  /** Those whose stacks say that they stay as they are, disabled ones among them. Sorted; absent where there are none. */
  readonly locked?: readonly ComponentAddress[];
  /** Those that are declared, and disabled: in what is made of a target they are not there. Sorted; absent where there are none. */
  readonly disabled?: readonly ComponentAddress[];
  /** Nodes of the user's own, by phase. */
  readonly phases: Readonly<Partial<Record<PhaseName, readonly UserNode[]>>>;
  readonly promotion: PromotionPolicy;
  /** Whether a rollout destroys what runs and is no longer declared. */
  readonly prune: boolean;
  /** Environment variables of the nodes that talk to the world, by where their values come from. Names only, never values. */
  readonly secrets: Readonly<Record<string, SecretSource>>;
  /** Every configuration file that was opened, relative to the root, sorted. */
  readonly files: readonly string[];
  /** Whether texts of stacks are templates. */
  readonly templated: boolean;
  /** What the commit does not decide, and was asked for all the same: by what it was, sorted. */
  readonly impure: Readonly<Record<string, Impurity>>;
}

/** What a question gave whose answer may be another one tomorrow: the digest of it, or `null` for what is new each time. */
export type Impurity = Digest | null;

export const PHASES = ['build', 'test', 'plan', 'release', 'rollout', 'verify', 'destroy'] as const;
export type PhaseName = (typeof PHASES)[number];

export interface ScopedComponent {
  readonly address: ComponentAddress;
  readonly kind: string;
  /** What configuration knows of its kind. */
  readonly spec: KindSpec;
  readonly name: string;
  /** Directory of the root module or the service, relative to the root. */
  readonly source: string;
  /** Atmos's sections under Atmos's names (`vars`, `env`, `backend_type`, `workspace`, …), templates evaluated. May hold `Deferred`. */
  readonly sections: JsonObject;
  /** What it waits for: `metadata.depends_on` and whatever it reads outputs of. Sorted. */
  readonly dependsOn: readonly ComponentAddress[];
  /** Variables of its nodes whose values are read when they run, by name; never in a release. Absent where there are none. */
  readonly secrets?: Readonly<Record<string, ValueSource>>;
  /** What is wrong with it, or asked for and not done here. Absent where there is nothing. */
  readonly problems?: readonly AtmosError[];
  /** What its applies put into stores. Absent where there is nothing. */
  readonly hooks?: readonly Hook[];
  /** What its stacks make it keep to. Absent where there is nothing. */
  readonly policies?: Policies;
  /** Files that its stacks have written into its root module's directory, by path there. Absent where there are none. */
  readonly generated?: Readonly<Record<string, string>>;
  /** What its nodes may use, where the deployment file says so. */
  readonly limits?: NodeLimits;
}

/** What a component must keep to: `settings.validation.<name>`. Plain data. */
export interface Policy {
  readonly name: string;
  readonly type: 'jsonschema' | 'opa';
  /** Where its file may lie, relative to the root; the first that is there counts. */
  readonly paths: readonly string[];
  /** Files and directories with what its Rego imports. */
  readonly modules: readonly string[];
  readonly timeoutMs: number;
}

/** The policies of a component with the names that they may read. */
export interface Policies {
  readonly component: string;
  readonly stack: string;
  readonly manifest: string;
  readonly list: readonly Policy[];
}

/** What is put into a store after each apply of a component. Plain data, which a release holds. */
export interface Hook {
  readonly name: string;
  readonly store: string;
  /** By the store's keys: an output of the component, or a text. */
  readonly values: Readonly<Record<string, { readonly output: string } | { readonly value: string }>>;
}

/** What a node needs to read the outputs of a component deployed elsewhere. Plain data, which a release holds. */
export interface ReadSettings {
  readonly command: string;
  readonly workspace: string;
  readonly backend_type: string;
  readonly backend: JsonObject;
  readonly env: Readonly<Record<string, string>>;
}

/** Limits of nodes; what is absent is as usual. */
export interface NodeLimits {
  readonly memoryMiB?: number;
  readonly cpus?: number;
  readonly pids?: number;
}

export interface Origin {
  readonly file: string;
  readonly line: number;
  /** Where the values stand that this one replaced, the nearest first; only where they were asked for. */
  readonly overrode?: readonly Origin[];
}

/** A node that the user wrote under `phases`. */
export interface UserNode {
  readonly name: string;
  /** Runs in this component's environment; else `image` says where. */
  readonly component: ComponentAddress | undefined;
  /** A key of the `images` section, or a reference. */
  readonly image: string | undefined;
  /** A shell command line. */
  readonly run: string;
  readonly network: 'none' | 'bridge' | 'host';
  /** Milliseconds; `undefined` for no limit. */
  readonly timeoutMs: number | undefined;
  /** Number of retries. */
  readonly retries: number;
  readonly limits: NodeLimits;
  /** May hold `Deferred`. */
  readonly env: JsonObject;
  /** Report files to collect, by name: `{ junit: "reports/junit.xml" }`. */
  readonly outputs: Readonly<Record<string, string>>;
}

/** Where a node has a variable's value from: the environment, whose variable is a secret where there is no default; or what a command prints. */
export type ValueSource = { readonly env: string; readonly default?: string } | { readonly exec: string };

export interface SecretSource {
  /** The host's environment variable. */
  readonly env: string;
}

export interface PromotionPolicy {
  /** Targets that this one may be promoted from; empty when it takes anything. */
  readonly from: readonly string[];
  /** How many people must approve; 0 when none need to. */
  readonly approvals: number;
  /** Who may approve, by e-mail address; empty when anybody may. */
  readonly approvers: readonly string[];
  /** Where the rule stands, for messages. */
  readonly origin: Origin | undefined;
}

/**
 * Stands in a section for a value that another component has yet to produce. `template` is evaluated, where the value is
 * needed, with what is known by then; a template that is one action alone gives the value with its type, else text.
 */
export interface Deferred {
  readonly $deferred: { readonly template: string; readonly needs: readonly Need[] };
}
export interface Need {
  readonly component: ComponentAddress;
  /** An output's name, or `image` and `digest` of a component whose kind builds images. */
  readonly field: string;
  /** Where the component has no such output, the template has something else. */
  readonly optional?: true;
}

/** What components have produced so far, by address and field. */
export type Produced = Readonly<Record<ComponentAddress, Readonly<Record<string, Json>>>>;
