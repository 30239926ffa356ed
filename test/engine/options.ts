import type { RunOptions, Runtime, Store } from '../../engine/index.ts';

/** How a graph runs where nobody asks for more than its results: nothing limits, keeps or ends it. `fields` count over these. */
export function plainOptions(store: Store, runtime: Runtime, fields: Partial<RunOptions> = {}): RunOptions {
  const never = new AbortController().signal;
  return {
    store,
    runtime: async () => runtime,
    computes: {},
    parallelism: 4,
    keepGoing: false,
    fresh: undefined,
    secrets: {},
    stateRoot: '/nowhere',
    runsRoot: '/nowhere',
    keepRoot: undefined,
    isolation: 'best',
    durations: new Map(),
    cancellation: { interrupt: never, force: never },
    listener: () => undefined,
    ...fields,
  };
}
