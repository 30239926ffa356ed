import type { LocatedMap } from '../../yaml/index.ts';
import type { Overrides } from './overrides.ts';

/** Several stacks, merged. */
export interface Manifest {
  readonly root: LocatedMap;
  readonly overrides: Overrides['reached'];
  /** The last of the declared stacks, below the stacks' base path, without its ending. */
  readonly name: string;
  /** The stack's name, where that does not depend on a component. */
  readonly own?: string;
}
