import type { JsonObject, Runtime } from '../../engine/index.ts';
import type { ImageStore } from '../images/store.ts';

/** A way to run nodes: all that others need to know of it. */
export interface RuntimeDriver {
  /** Opens it; `expected` nodes are about to run at once. @throws AtmosError of kind `environment` where this machine has not what it takes */
  open(images: ImageStore, expected: number): Promise<Runtime>;
  /**
   * Something that changes the world, as its run directory at `path` names it: `said` is what `run.json` has beside the runtime. `undefined` where that is
   * not whole: then nothing was started.
   */
  effect(path: string, said: JsonObject): EffectHandle | undefined;
}

/** Something that changes the world, for a process that may not have started it. */
export interface EffectHandle {
  /** Whether it still runs, as far as can be told without asking an engine: a container may. */
  mayRun(): Promise<boolean>;
  /**
   * Waits until it has ended, keeps in its run directory what only it has, and removes the rest of it. False when it ran no more.
   * @throws AtmosError `interrupted`; `no-engine`, `other-engine`, `engine-lost`
   */
  settle(signal: AbortSignal): Promise<boolean>;
  /** Waits until it has ended, and leaves it to whoever looks at what became of it. @throws AtmosError as `settle` */
  ended(): Promise<void>;
}
