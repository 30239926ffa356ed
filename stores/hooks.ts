import type { Hook } from '../config/index.ts';
import { AtmosError, allSettled, canonicalJson, type Digest, type Json } from '../engine/index.ts';
import { outputValues } from '../phases/index.ts';
import type { ReleaseComponent } from '../releases/index.ts';
import { openStore, type StoreAccess } from './read.ts';

/**
 * Puts into stores what the hooks of a component that was just applied say, as JSON, as Atmos does. `outputs` is a tree with `outputs.json`.
 * @throws AtmosError `hook`: the component counts as failed then, and whoever rolls out next runs its hooks again
 */
export async function storeOutputs(access: StoreAccess, { settings }: ReleaseComponent, outputs: Digest | undefined): Promise<void> {
  const hooks = (settings.hooks ?? []) as unknown as readonly Hook[];
  if (hooks.length === 0) return;
  const { store } = access;
  const values =
    outputs === undefined
      ? {}
      : await outputValues(await store.tree(outputs), async (digest) => (await store.get(digest)) ?? new Uint8Array());
  await allSettled(hooks, async (hook) => {
    const found = Object.entries(hook.values).map(
      ([key, value]) => [key, 'output' in value ? (values[value.output] ?? null) : value.value] as const,
    );
    try {
      await putAll(access, hook.store, found);
    } catch (cause) {
      throw new AtmosError(`the component is applied, but its hook "${hook.name}" failed: ${(cause as Error).message}`, {
        kind: 'failed',
        code: 'hook',
        hint: 'Fix it and rerun: the next rollout applies it again, and runs the hook.',
        cause,
      });
    }
  });
}

async function putAll(access: StoreAccess, name: string, values: readonly (readonly [string, Json])[]): Promise<void> {
  const store = await openStore(access, name);
  try {
    await allSettled(values, ([key, value]) => store.put(key, canonicalJson(value)));
  } finally {
    await store.close();
  }
}
