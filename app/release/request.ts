import type { TargetRef } from '../../engine/index.ts';
import type { SavedPlan } from './plan-file.ts';

export interface RolloutRequest extends TargetRef {
  /** Take what this target runs. */
  readonly promoteFrom: string | undefined;
  /** Take this release: a digest, or the beginning of one. */
  readonly release: string | undefined;
  readonly allowDirty: boolean;
  /** Run every component, also those that are up to date. */
  readonly all: boolean;
  /** Run this component alone, whether or not it is up to date. */
  readonly component: string | undefined;
  /** Destroy components that run and are no longer declared. */
  readonly prune: boolean;
  /** Say what would be run, and run none of it. */
  readonly dryRun: boolean;
  /** Apply what this plan says, and nothing else. */
  readonly saved: SavedPlan | undefined;
}

/** What says which release is meant. */
export type ReleaseChoice = Pick<RolloutRequest, 'deployment' | 'target' | 'promoteFrom' | 'release' | 'allowDirty'>;
