import type { Digest, Json } from '../engine/index.ts';

/** What a plan would do. */
export interface PlanSummary {
  readonly create: number;
  readonly update: number;
  readonly delete: number;
  readonly changes: readonly PlannedChange[];
  readonly warnings: readonly ToolWarning[];
}

/** How a resource or an output (`output.<name>`) would change; its attributes where the plan is to be looked at, and not applied. */
export interface PlannedChange extends Partial<ChangeDetails> {
  readonly address: string;
  readonly actions: readonly string[];
}

/** What a plan tells of the change of a resource or an output, beside its address and actions. */
export interface ChangeDetails {
  readonly attributes: readonly AttributeChange[];
  /** The address that it had. */
  readonly movedFrom?: string;
  /** By which its provider knows what is imported. */
  readonly importId?: string;
}

/** How one attribute changes. */
export interface AttributeChange {
  /** `tags.Name`, `ingress[0].from_port`; `''` for a whole output. */
  readonly path: string;
  /** Absent where there is no value. Of what is sensitive both are. */
  readonly before?: Json;
  /** Absent also where it is `unknown`. */
  readonly after?: Json;
  /** The tool calls it sensitive: its values are not told. */
  readonly sensitive?: true;
  /** Its new value is known after the apply. */
  readonly unknown?: true;
  /** The resource is replaced because of it. */
  readonly forces?: true;
}

/** What a tool warns of: deprecations, checks that fail. */
export interface ToolWarning {
  readonly summary: string;
  readonly detail: string;
  /** Relative to the component's directory; `null` where it names no place. */
  readonly file: string | null;
  readonly line: number | null;
}

/** What a plan says of a component's outputs: those that it changes, and all that they would be. */
export interface PlannedOutputs {
  /** Names of outputs that change. */
  readonly changed: ReadonlySet<string>;
  /** Names of those whose new value is known after the apply. */
  readonly unknown: ReadonlySet<string>;
  /** A tree with `outputs.json`; without those that are unknown. Of this process alone. */
  readonly tree: Digest;
  /** The texts in those that are sensitive. */
  readonly sensitive: readonly string[];
}
