import type { AtmosError } from '../base/errors.ts';
import type { Digest } from '../content/digest.ts';
import type { Mask } from '../content/mask.ts';
import type { NodeId } from './node.ts';

export interface Done {
  readonly cached: boolean;
  readonly exitCode: number;
  /** Trees by output name. */
  readonly outputs: Readonly<Record<string, Digest>>;
}

/** How a node ended. */
export type Outcome =
  | ({ readonly status: 'done'; readonly ms: number } & Done)
  | {
      readonly status: 'failed';
      readonly error: AtmosError;
      /** Secrets masked. */
      readonly message: string;
      /** What it left, where it collects always. */
      readonly outputs: Readonly<Record<string, Digest>>;
      /** The last lines that it wrote, secrets masked. */
      readonly tail: string;
      readonly ms: number;
    }
  | { readonly status: 'cancelled'; readonly because: string };

export interface Results {
  readonly outcomes: ReadonlyMap<NodeId, Outcome>;
  /** Hides all that was found to be secret: what is read of nodes' outputs for people to see passes it. */
  readonly mask: Mask;
}

/** The tree that a node exported under a name; `undefined` when it did not get there. */
export function outputOf(results: Results, node: NodeId, output: string): Digest | undefined {
  const outcome = results.outcomes.get(node);
  return outcome === undefined || outcome.status === 'cancelled' ? undefined : outcome.outputs[output];
}

export type FailedOutcome = Extract<Outcome, { status: 'failed' }>;

export function failures(results: Results): readonly { readonly id: NodeId; readonly outcome: FailedOutcome }[] {
  return [...results.outcomes].flatMap(([id, outcome]) => (outcome.status === 'failed' ? [{ id, outcome }] : []));
}
