import { randomBytes } from 'node:crypto';
import type Docker from 'dockerode';
import {
  type Ability,
  AtmosError,
  type Cancellation,
  collects,
  type Digest,
  type ExecResult,
  type NodeIo,
  type ResolvedExec,
  type Runtime,
  removeTree,
} from '../../engine/index.ts';
import { connect, type Engine } from '../docker-api/connect.ts';
import { ignoreMissing } from '../docker-api/labels.ts';
import { removeLeftovers, removeUnstarted } from '../docker-api/leftovers.ts';
import { ContainerOutput } from '../docker-api/output.ts';
import { type SecretInput, secretInput } from '../docker-api/secret-input.ts';
import { awaitEnd, engineLost, insist, isLostConnection, startContainer, within } from '../docker-api/wait.ts';
import type { ImageStore } from '../images/store.ts';
import { makeRunDirectory, writeRunFile } from '../runs/directory.ts';
import type { EngineName } from '../system/engines.ts';
import { storedFile } from '../system/stored-file.ts';
import { provideImage } from './images.ts';
import { containerOptions, shellCommand } from './isolation.ts';
import { chooseTransport, type TransportChoice } from './probe.ts';
import { seccompProfile } from './seccomp.ts';
import type { Transport } from './transport.ts';

/** How long an engine may take to remove a container, in milliseconds. */
const REMOVAL = 20_000;
/** How long it may take to say what was left, when all is done, in milliseconds. */
const LAST_LOOK = 2000;

export interface EngineOptions {
  readonly transport?: TransportChoice;
}

/**
 * Nodes as containers of Docker, or of Podman, which speaks the same API: create, attach, start, wait, collect, remove. Leftovers of killed processes
 * are removed first.
 * @throws AtmosError `no-engine`
 */
export async function engineRuntime(kind: EngineName, images: ImageStore, options: EngineOptions = {}): Promise<Runtime> {
  const engine = await connect(kind);
  try {
    await removeLeftovers(engine);
  } catch (error) {
    await engine.close();
    throw error;
  }
  return new EngineRuntime(engine, images, options.transport ?? 'auto');
}

class EngineRuntime implements Runtime {
  readonly name: string;
  readonly abilities: ReadonlySet<Ability>;
  readonly platform: string;
  readonly #engine: Engine;
  readonly #images: ImageStore;
  readonly #choice: TransportChoice;
  readonly #provided = new Map<Digest, Promise<void>>();
  #transport: Promise<Transport> | undefined;
  #profile: Promise<string> | undefined;

  constructor(engine: Engine, images: ImageStore, choice: TransportChoice) {
    this.name = engine.name;
    this.platform = engine.platform;
    this.abilities = engine.abilities;
    this.#engine = engine;
    this.#images = images;
    this.#choice = choice;
  }

  async run(step: ResolvedExec, io: NodeIo, cancellation: Cancellation): Promise<ExecResult> {
    try {
      return await this.#run(step, io, cancellation);
    } catch (error) {
      throw isLostConnection(error) ? engineLost(error, false) : error;
    }
  }

  async #run(step: ResolvedExec, io: NodeIo, cancellation: Cancellation): Promise<ExecResult> {
    await this.#provide(step.exec.image, io);
    this.#transport ??= chooseTransport(this.#choice, this.#engine, step.exec.image, io);
    const transport = await this.#transport.catch((error: unknown) => {
      this.#transport = undefined;
      throw explain(error, step);
    });
    const { effect } = step.exec;
    const run = effect === undefined ? undefined : await makeRunDirectory(io.runsRoot, effect);
    const prepared = await transport.prepare(step, io, run);
    let isLeft = false;
    let isLost = false;
    try {
      const profile = await this.#profileFor(transport, io);
      const input = secretInput(step.exec.argv, io.secrets);
      const container = await this.#create(step, input, transport, prepared.mounts, profile);
      if (run !== undefined) {
        const { kind, id, address } = this.#engine;
        await writeRunFile(run, { runtime: kind, container: container.id, engine: id, address });
      }
      try {
        await prepared.check?.();
        const output = new ContainerOutput(this.#engine.streams.getContainer(container.id), io, input?.text);
        const exitCode = await runContainer(container, output, cancellation, effect !== undefined).catch((error: unknown) => {
          throw explainStart(error, input?.argv[0] ?? step.exec.argv[0] ?? '', input !== undefined);
        });
        const outputs = collects(step.exec, exitCode) ? await prepared.collect(container) : {};
        if (io.keepRoot === undefined || step.exec.succeeds.includes(exitCode)) return { exitCode, outputs };
        const kept = prepared.keep(io.keepRoot);
        return { exitCode, outputs, enter: kept.enter(shellCommand(step, this.#engine, transport.user, kept.binds, profile)) };
      } catch (error) {
        isLost = isLostConnection(error) || (error instanceof AtmosError && error.code === 'engine-lost');
        // What changes the world and was not seen to end stays, with all that finds it again.
        isLeft = effect !== undefined && isLost;
        throw error;
      } finally {
        // An engine that can't be reached removes nothing: the next command does.
        if (!isLost) await removeContainer(container);
      }
    } finally {
      if (!isLeft) {
        await prepared.dispose();
        if (run !== undefined) removeTree(run.path);
      }
    }
  }

  /** Podman's own seccomp profile allows more than we do; it reads another one from a file, where it sees ours. */
  #profileFor(transport: Transport, { store }: NodeIo): Promise<string> | undefined {
    if (!this.#engine.isPodman || transport.name !== 'bind') return undefined;
    this.#profile ??= storedFile(store, 'seccomp.json', Buffer.from(seccompProfile()));
    return this.#profile;
  }

  async #create(
    step: ResolvedExec,
    input: SecretInput | undefined,
    transport: Transport,
    mounts: readonly Docker.MountSettings[],
    profile: string | undefined,
  ): Promise<Docker.Container> {
    try {
      const options = containerOptions(step, input, this.#engine, transport.user, mounts, profile);
      return await createContainer(this.#engine.docker, options);
    } catch (error) {
      throw explain(error, step);
    }
  }

  #provide(image: Digest, io: NodeIo): Promise<void> {
    const known = this.#provided.get(image) ?? provideImage(this.#engine.docker, image, this.#images, io.store);
    this.#provided.set(image, known);
    known.catch(() => this.#provided.delete(image));
    return known;
  }

  async close(): Promise<void> {
    const transport = await this.#transport?.catch(() => undefined);
    await transport?.close();
    // Where it can't be done, the next process does it.
    await within(LAST_LOOK, removeUnstarted(this.#engine)).catch(() => undefined);
    await this.#engine.close();
  }
}

/** Creates a container, under a name of its own: where the answer is lost, it is looked for. */
async function createContainer(docker: Docker, options: Docker.ContainerCreateOptions): Promise<Docker.Container> {
  const name = `atmos-${randomBytes(12).toString('hex')}`;
  let isFirst = true;
  return insist(async () => {
    if (!isFirst) {
      const known = await docker.listContainers({ all: true, filters: { name: [name] } });
      if (known[0] !== undefined) return docker.getContainer(known[0].Id);
    }
    isFirst = false;
    return docker.createContainer({ name, ...options });
  });
}

/** An engine that is lost keeps it: the next command removes what a process that is gone has left. */
async function removeContainer(container: Docker.Container): Promise<void> {
  await ignoreMissing(within(REMOVAL, container.remove({ force: true, v: true }))).catch((error: unknown) => {
    if (!isLostConnection(error)) throw error;
  });
}

/** Starts a created container and follows it to its end; hands interrupts on to it. */
async function runContainer(
  container: Docker.Container,
  output: ContainerOutput,
  { interrupt, force }: Cancellation,
  isEffect: boolean,
): Promise<number> {
  if (interrupt.aborted) throw new AtmosError('canceled before it started', { kind: 'interrupted', code: 'not-started' });
  await output.open();
  const signal = (name: 'SIGINT' | 'SIGKILL') => (): void => {
    // It may have ended in between: then there is nothing to signal, and waiting for it says how it ended.
    container.kill({ signal: name }).catch(() => undefined);
  };
  const onInterrupt = signal('SIGINT');
  const onForce = signal('SIGKILL');
  try {
    await startContainer(container, isEffect);
    interrupt.addEventListener('abort', onInterrupt, { once: true });
    force.addEventListener('abort', onForce, { once: true });
    // Its output, and so a reason to end it, may arrive before the engine says that it has started.
    if (interrupt.aborted) onInterrupt();
    if (force.aborted) onForce();
    const ended = await awaitEnd(container, { isEffect, isStarted: true });
    if (ended === undefined) throw new AtmosError('its container was removed by somebody else', { kind: 'failed', code: 'container-gone' });
    return ended.exitCode;
  } finally {
    await output.close();
    interrupt.removeEventListener('abort', onInterrupt);
    force.removeEventListener('abort', onForce);
  }
}

/** A container whose program is not in its image is made, but can't be started. */
function explainStart(error: unknown, program: string, hasSecrets: boolean): unknown {
  const { statusCode, message = '' } = error as { statusCode?: number; message?: string };
  if (statusCode === undefined || !/exec: .*(?:no such file|not found|permission denied)/s.test(message)) return error;
  return new AtmosError(`the image has no ${program}${hasSecrets ? ', which is needed to pass secrets' : ''}`, {
    kind: 'failed',
    code: 'no-program',
    hint: hasSecrets ? 'use an image with a shell, or --runtime bubblewrap' : 'use another image, or another command',
    cause: error,
  });
}

function explain(error: unknown, step: ResolvedExec): unknown {
  const { statusCode, message } = error as { statusCode?: number; message?: string };
  if (statusCode !== 404 || !/no such image/i.test(message ?? '')) return error;
  return new AtmosError(`the engine does not have image ${step.exec.image}, which ${step.id} runs in`, {
    kind: 'environment',
    code: 'no-image',
    hint: 'rerun: it was removed from the engine in between',
    cause: error,
  });
}
