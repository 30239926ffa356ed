import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { engineRuntime } from '../../../containers/docker/runtime.ts';
import { type ImageStore, openImages, openRuntime, type StoredImage } from '../../../containers/index.ts';
import { type Exec, type ExecResult, execAction, openStore, type ResolvedInput, type Runtime, type Store } from '../../../engine/index.ts';
import { runWithin } from '../../../engine/run/attempt.ts';

/** A store, an image and a runtime to try things with. */
export interface Bench {
  readonly dir: string;
  readonly store: Store;
  readonly images: ImageStore;
  readonly image: StoredImage;
  readonly runtime: Runtime;
  readonly stateRoot: string;
  close(): Promise<void>;
}

/** `docker, no shared files` moves trees as tar streams, as with an engine on another machine. */
export const RUNTIMES = ['bubblewrap', 'docker', 'docker, no shared files', 'podman'] as const;
export type Tried = (typeof RUNTIMES)[number];

export async function openBench(name: Tried): Promise<Bench> {
  const dir = mkdtempSync(join(tmpdir(), 'atmos-contract-'));
  const store = openStore(join(dir, 'cache'));
  const leave = async (): Promise<void> => {
    await store.close();
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    const images = openImages(store, []);
    const image = await images.assemble('terraform');
    const runtime =
      name === 'docker, no shared files' ? await engineRuntime('docker', images, { transport: 'tar' }) : await openRuntime(name, images);
    const close = (): Promise<void> => runtime.close().then(leave);
    return { dir, store, images, image, runtime, stateRoot: join(dir, 'state'), close };
  } catch (error) {
    await leave();
    throw error;
  }
}

export interface Ran extends ExecResult {
  readonly stdout: string;
  readonly stderr: string;
}

export interface Trial {
  readonly inputs?: readonly ResolvedInput[];
  readonly exec?: Partial<Exec>;
  readonly secrets?: Readonly<Record<string, string>>;
  readonly interrupt?: AbortSignal;
  readonly force?: AbortSignal;
  readonly onOutput?: (text: string) => void;
}

/** Runs a shell script as a node. */
export async function runScript({ runtime, store, image, stateRoot }: Bench, text: string, trial: Trial = {}): Promise<Ran> {
  const said = { stdout: '', stderr: '' };
  const exec = execAction({
    image: image.digest,
    argv: ['sh', '-c', text],
    secrets: Object.keys(trial.secrets ?? {}).map((name) => ({ name, from: name })),
    limits: { memoryMiB: 512, cpus: 1, pids: 256 },
    ...trial.exec,
  });
  const io = {
    store,
    secrets: trial.secrets ?? {},
    stateRoot,
    runsRoot: join(stateRoot, '../runs'),
    keepRoot: undefined,
    log: (stream: 'stdout' | 'stderr', chunk: Uint8Array): void => {
      const part = Buffer.from(chunk).toString('utf8');
      said[stream] += part;
      trial.onOutput?.(part);
    },
  };
  const never = new AbortController().signal;
  const cancellation = { interrupt: trial.interrupt ?? never, force: trial.force ?? never };
  const result = await runWithin(runtime, { id: 'contract/trial', exec, inputs: trial.inputs ?? [] }, io, cancellation);
  return { ...result, ...said };
}
