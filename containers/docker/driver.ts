import type { EffectContainer } from '../docker-api/orphans.ts';
import type { RuntimeDriver } from '../runs/driver.ts';
import type { EngineName } from '../system/engines.ts';

/** An engine that speaks Docker's API. An effect is a container of it. Its client is half of what a start costs: it is loaded when it is asked for. */
export function engineDriver(name: EngineName): RuntimeDriver {
  return {
    open: async (images) => (await import('./runtime.ts')).engineRuntime(name, images),
    effect(path, { container, engine, address }) {
      if (typeof container !== 'string') return undefined;
      const of: EffectContainer = { runtime: name, container, engine: String(engine ?? ''), address: String(address ?? '') };
      return {
        mayRun: async () => true,
        settle: async (signal) => (await import('../docker-api/orphans.ts')).awaitContainer(of, path, signal),
        ended: async () => (await import('../docker-api/orphans.ts')).awaitStopped(of),
      };
    },
  };
}
