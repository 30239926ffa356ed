import { rm } from 'node:fs/promises';
import type { Digest, NodeIo } from '../../engine/index.ts';
import type { Engine } from '../docker-api/connect.ts';
import { ignoreMissing, labels } from '../docker-api/labels.ts';
import { tarTransport } from './archive.ts';
import { bindTransport } from './bind.ts';
import type { Transport } from './transport.ts';

/** `auto` asks the engine. */
export type TransportChoice = 'auto' | 'bind' | 'tar';

export async function chooseTransport(choice: TransportChoice, engine: Engine, image: Digest, io: NodeIo): Promise<Transport> {
  const shared = choice === 'auto' ? await sharesFiles(engine, image, io) : choice === 'bind';
  return shared ? bindTransport(engine) : tarTransport(engine);
}

/**
 * Whether the engine sees our file system: it is asked to mount a directory that was made a moment ago under a random name,
 * which it refuses when there is no such directory where it runs. Nothing is started.
 */
async function sharesFiles(engine: Engine, image: Digest, io: NodeIo): Promise<boolean> {
  const dir = await io.store.temporary('probe');
  try {
    const container = await engine.docker.createContainer({
      Image: image,
      Entrypoint: ['true'],
      Labels: labels('probe'),
      HostConfig: { NetworkMode: 'none', Mounts: [{ Type: 'bind', Source: dir, Target: '/probe', ReadOnly: true }] },
    });
    await ignoreMissing(container.remove({ force: true }));
    return true;
  } catch (error) {
    const { statusCode, message } = error as { statusCode?: number; message?: string };
    if (statusCode === 400 && /bind source path does not exist|invalid mount config/.test(message ?? '')) return false;
    throw error;
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
