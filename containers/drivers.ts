import { bubblewrap } from './bubblewrap/driver.ts';
import { engineDriver } from './docker/driver.ts';
import type { RuntimeDriver } from './runs/driver.ts';

/** All runtimes, in the order in which they are tried where none is named. */
export const DRIVERS = {
  bubblewrap,
  docker: engineDriver('docker'),
  podman: engineDriver('podman'),
} satisfies Readonly<Record<string, RuntimeDriver>>;

export type DriverName = keyof typeof DRIVERS;

export const DRIVER_NAMES = Object.keys(DRIVERS) as readonly DriverName[];
