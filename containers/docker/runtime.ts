import { PassThrough } from 'node:stream';
import { finished } from 'node:stream/promises';
import type Docker from 'dockerode';
import {
  AtmosError,
  type Cancellation,
  type Digest,
  type ExecResult,
  type Load,
  type NodeIo,
  type ResolvedExec,
  type Runtime,
} from '../../engine/index.ts';
import { loadImage } from '../images/load.ts';
import { connect, type Engine } from './connect.ts';
import { containerOptions } from './isolation.ts';
import { ignoreMissing, removeLeftovers } from './labels.ts';
import { chooseTransport, type TransportChoice } from './probe.ts';
import type { Transport } from './transport.ts';

export interface DockerOptions {
  readonly transport?: TransportChoice;
}

/**
 * Nodes as containers of a Docker engine (or of Podman, which speaks the same API): create, attach, start, wait, collect, remove.
 * Leftovers of killed processes are removed first.
 */
export async function dockerRuntime(options: DockerOptions = {}): Promise<Runtime> {
  const engine = await connect();
  await removeLeftovers(engine);
  return new DockerRuntime(engine, options.transport ?? 'auto');
}

class DockerRuntime implements Runtime {
  readonly #engine: Engine;
  readonly #choice: TransportChoice;
  #transport: Promise<Transport> | undefined;

  constructor(engine: Engine, choice: TransportChoice) {
    this.#engine = engine;
    this.#choice = choice;
  }

  async platform(): Promise<string> {
    return this.#engine.platform;
  }

  async run(step: ResolvedExec, io: NodeIo, cancellation: Cancellation): Promise<ExecResult> {
    this.#transport ??= chooseTransport(this.#choice, this.#engine, step.exec.image, io);
    const transport = await this.#transport.catch((error: unknown) => {
      this.#transport = undefined;
      throw explain(error, step);
    });
    const prepared = await transport.prepare(step, io);
    try {
      const container = await this.#create(step, io, transport, prepared.mounts);
      try {
        const exitCode = await runContainer(container, io, cancellation);
        const outputs = step.exec.succeeds.includes(exitCode) ? await prepared.collect(container) : {};
        return { exitCode, outputs };
      } finally {
        await ignoreMissing(container.remove({ force: true, v: true }));
      }
    } finally {
      await prepared.dispose();
    }
  }

  async #create(step: ResolvedExec, io: NodeIo, transport: Transport, mounts: readonly Docker.MountSettings[]): Promise<Docker.Container> {
    try {
      return await this.#engine.docker.createContainer(containerOptions(step, io.secrets, this.#engine, transport.user, mounts));
    } catch (error) {
      throw explain(error, step);
    }
  }

  load(action: Load, image: Digest, io: NodeIo): Promise<void> {
    return loadImage(this.#engine.docker, image, action.tag, io.store);
  }

  async close(): Promise<void> {
    const transport = await this.#transport?.catch(() => undefined);
    await transport?.close();
  }
}

/** Starts a created container and follows it to its end; hands interrupts on to it. */
async function runContainer(container: Docker.Container, io: NodeIo, { interrupt, force }: Cancellation): Promise<number> {
  if (interrupt.aborted) throw new AtmosError('interrupted before it started', { kind: 'interrupted', code: 'interrupted' });
  const stream = await container.attach({ stream: true, stdout: true, stderr: true });
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  stdout.on('data', (chunk: Uint8Array) => io.log('stdout', chunk));
  stderr.on('data', (chunk: Uint8Array) => io.log('stderr', chunk));
  container.modem.demuxStream(stream, stdout, stderr);

  const signal = (name: 'SIGINT' | 'SIGKILL') => (): void => {
    // It may have ended in between: then there is nothing to signal, and waiting for it says how it ended.
    container.kill({ signal: name }).catch(() => undefined);
  };
  const onInterrupt = signal('SIGINT');
  const onForce = signal('SIGKILL');
  try {
    await container.start();
    interrupt.addEventListener('abort', onInterrupt, { once: true });
    force.addEventListener('abort', onForce, { once: true });
    if (interrupt.aborted) onInterrupt();
    const ended: unknown = await container.wait();
    await finished(stream as NodeJS.ReadableStream, { writable: false, error: false });
    return (ended as { StatusCode: number }).StatusCode;
  } finally {
    interrupt.removeEventListener('abort', onInterrupt);
    force.removeEventListener('abort', onForce);
  }
}

function explain(error: unknown, step: ResolvedExec): unknown {
  const { statusCode, message } = error as { statusCode?: number; message?: string };
  if (statusCode !== 404 || !/no such image/i.test(message ?? '')) return error;
  return new AtmosError(`the engine does not have image ${step.exec.image}, which ${step.id} runs in`, {
    kind: 'environment',
    code: 'no-image',
    hint: 'get it: atmos-deployment images pull   (where no registry can be reached: atmos-deployment images build)',
    cause: error,
  });
}
