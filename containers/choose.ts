import { AtmosError, type Runtime } from '../engine/index.ts';
import { DRIVER_NAMES, DRIVERS, type DriverName } from './drivers.ts';
import type { ImageStore } from './images/store.ts';

export type RuntimeName = 'auto' | DriverName;
export const RUNTIMES: readonly RuntimeName[] = ['auto', ...DRIVER_NAMES];

/**
 * Opens a runtime. `auto` takes the first that works on this machine. `expected`: how many nodes are about to run at once.
 * @throws AtmosError `no-runtime` when none does, saying why each does not; else what the named one says.
 */
export async function openRuntime(name: RuntimeName, images: ImageStore, expected = 1): Promise<Runtime> {
  if (name !== 'auto') return DRIVERS[name].open(images, expected);
  const reasons: AtmosError[] = [];
  for (const one of DRIVER_NAMES) {
    try {
      return await DRIVERS[one].open(images, expected);
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
