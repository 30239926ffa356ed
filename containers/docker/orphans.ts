import { AtmosError } from '../../engine/index.ts';
import type { EngineName } from '../engines.ts';
import { connect, type Engine } from './connect.ts';
import { ignoreMissing } from './labels.ts';

/**
 * Waits until a container has ended that a process which is gone had started, and removes it. False when it ran no more.
 * @throws AtmosError `no-engine`, `interrupted`
 */
export async function awaitContainer(kind: EngineName, id: string, signal: AbortSignal): Promise<boolean> {
  const engine = await connect(kind);
  try {
    return await awaitIn(engine, id, signal);
  } finally {
    await engine.close();
  }
}

async function awaitIn({ docker }: Engine, id: string, signal: AbortSignal): Promise<boolean> {
  const container = docker.getContainer(id);
  let ran = false;
  const wait = async (): Promise<void> => {
    const { State } = await container.inspect();
    ran = State.Running;
    if (State.Running) await container.wait();
  };
  const interrupted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(interruption()), { once: true });
  });
  await Promise.race([ignoreMissing(wait()), interrupted]);
  await ignoreMissing(container.remove({ force: true, v: true }));
  return ran;
}

function interruption(): AtmosError {
  return new AtmosError('interrupted while waiting for a container that an earlier command had started', {
    kind: 'interrupted',
    code: 'interrupted',
    hint: 'it goes on; the next command waits for it again',
  });
}
