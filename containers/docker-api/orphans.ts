import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type Docker from 'dockerode';
import { extract } from 'tar-stream';
import { AtmosError } from '../../engine/index.ts';
import type { EngineName } from '../system/engines.ts';
import { type EngineAddress, OUTPUT, RESCUED } from '../system/run-files.ts';
import { connect, type Engine } from './connect.ts';
import { ignoreMissing } from './labels.ts';
import { awaitEnd } from './wait.ts';

/** A container that changes the world, as its run directory names it. */
export interface EffectContainer extends EngineAddress {
  readonly runtime: EngineName;
  readonly container: string;
}

/**
 * Waits until a container has ended that a process which is gone had started, keeps in the run directory what only it has, and removes it. False
 * when it ran no more.
 * @throws AtmosError `no-engine`, `other-engine`, `engine-lost`, `interrupted`
 */
export async function awaitContainer(of: EffectContainer, path: string, signal: AbortSignal): Promise<boolean> {
  return onEngine(of, (engine) => awaitIn(engine, of.container, path, signal));
}

/** Waits until such a container has ended, and leaves it to whoever looks at what became of it. @throws AtmosError as `awaitContainer` */
export async function awaitStopped(of: EffectContainer): Promise<void> {
  await onEngine(of, (engine) => awaitEnd(engine.docker.getContainer(of.container), { isEffect: true }));
}

async function onEngine<T>(of: EffectContainer, work: (engine: Engine) => Promise<T>): Promise<T> {
  const engine = await connect(of.runtime);
  try {
    if (of.engine !== '' && of.engine !== engine.id) throw otherEngine(of, engine);
    return await work(engine);
  } finally {
    await engine.close();
  }
}

async function awaitIn(engine: Engine, id: string, path: string, signal: AbortSignal): Promise<boolean> {
  const container = engine.docker.getContainer(id);
  const ended = await awaitEnd(container, { signal, isEffect: true, interruption });
  // Somebody removed it: how it ended nobody knows.
  if (ended === undefined) return false;
  await keepRescued(container, join(path, OUTPUT));
  await ignoreMissing(container.remove({ force: true, v: true }));
  return ended.waited;
}

/** Where the engine does not see our file system, outputs are in the container. */
async function keepRescued(container: Docker.Container, dir: string): Promise<void> {
  let archive: NodeJS.ReadableStream;
  try {
    archive = await container.getArchive({ path: `/out/${RESCUED}` });
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return;
    throw error;
  }
  await mkdir(dir, { recursive: true });
  const entries = extract();
  const done = pipeline(archive, entries);
  for await (const entry of entries) {
    if (entry.header.type === 'file' && entry.header.name === RESCUED) {
      await pipeline(entry, createWriteStream(join(dir, RESCUED), { mode: 0o600 }));
    }
    entry.resume();
  }
  await done;
}

function otherEngine({ engine, address }: EngineAddress, now: Engine): AtmosError {
  return new AtmosError(
    `an earlier command started a container on the engine at ${address} (${engine}), and this command reaches ${now.address} (${now.id})`,
    {
      kind: 'refused',
      code: 'other-engine',
      hint: `it may still run there: use that engine (DOCKER_HOST=${address})`,
    },
  );
}

function interruption(): AtmosError {
  return new AtmosError('stopped while waiting for a container that an earlier command had started', {
    kind: 'interrupted',
    code: 'interrupted',
    hint: 'it keeps running; the next command waits for it',
  });
}
