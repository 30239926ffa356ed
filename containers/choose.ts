import { AtmosError, type Runtime } from '../engine/index.ts';
import type { ImageStore } from './images/store.ts';
import { ENGINES, type EngineName } from './system/engines.ts';

export const RUNTIMES = ['auto', 'bubblewrap', ...ENGINES] as const;
export type RuntimeName = (typeof RUNTIMES)[number];

/**
 * Opens a runtime. `auto` takes the first of bubblewrap, docker and podman that works on this machine. `expected`: how many nodes are about to run at
 * once.
 * @throws AtmosError `no-runtime` when none does, saying why each does not; else what the named one says.
 */
export async function openRuntime(name: RuntimeName, images: ImageStore, expected = 1): Promise<Runtime> {
  switch (name) {
    case 'bubblewrap':
      return bubblewrap(images, expected);
    case 'docker':
    case 'podman':
      return engine(name, images);
    case 'auto':
      return auto(images, expected);
    default:
      return name satisfies never;
  }
}

// Each is loaded only when it is asked for: an engine's client is half of what a start costs.
async function bubblewrap(images: ImageStore, expected: number): Promise<Runtime> {
  return (await import('./bubblewrap/runtime.ts')).bubblewrapRuntime(images, expected);
}

async function engine(name: EngineName, images: ImageStore): Promise<Runtime> {
  return (await import('./docker/runtime.ts')).engineRuntime(name, images);
}

async function auto(images: ImageStore, expected: number): Promise<Runtime> {
  const reasons: AtmosError[] = [];
  for (const name of ['bubblewrap', ...ENGINES] as const) {
    try {
      return await openRuntime(name, images, expected);
    } catch (error) {
      if (!(error instanceof AtmosError) || error.kind !== 'environment') throw error;
      reasons.push(error);
    }
  }
  throw new AtmosError(`no runtime works here:\n${reasons.map(({ message }) => `  ${message}`).join('\n')}`, {
    kind: 'environment',
    code: 'no-runtime',
    hint: reasons.map(({ hint }) => hint).find((hint) => hint !== undefined),
  });
}
