import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import {
  ABILITIES,
  asDigest,
  type Digest,
  type Exec,
  type ExecResult,
  execAction,
  makeTree,
  type Node,
  openStore,
  type ResolvedExec,
  type RunEvent,
  type RunOptions,
  type Runtime,
  type Store,
} from '../../engine/index.ts';
import { plainOptions } from './options.ts';

const IMAGE: Digest = asDigest(`sha256:${'a'.repeat(64)}`);

export function newStore(): Store {
  const dir = mkdtempSync(join(tmpdir(), 'atmos-engine-'));
  const store = openStore(dir);
  onTestFinished(async () => {
    await store.close();
    rmSync(dir, { recursive: true, force: true });
  });
  return store;
}

/** A runtime in memory, for tests of the scheduler and the cache only: `behave` says what each command does. */
export function runtimeOf(store: Store, behave: (step: ResolvedExec) => Promise<number> | number): Runtime & { readonly ran: string[] } {
  const ran: string[] = [];
  return {
    name: 'memory',
    abilities: new Set(ABILITIES),
    platform: `linux/${process.arch === 'x64' ? 'amd64' : process.arch}`,
    ran,
    async run(step): Promise<ExecResult> {
      ran.push(step.id);
      const exitCode = await behave(step);
      const outputs: Record<string, Digest> = {};
      for (const { name } of step.exec.outputs) {
        const text = `${step.exec.argv.join(' ')} ${step.inputs.map(({ tree }) => tree).join(' ')}`;
        outputs[name] = await store.putTree(
          makeTree([{ path: 'made', mode: '644', digest: await store.put(text), size: Buffer.byteLength(text) }]),
        );
      }
      return { exitCode, outputs: exitCode === 0 ? outputs : {} };
    },
    close: async () => undefined,
  };
}

export function node(id: string, parts: Partial<Node> & { readonly exec?: Partial<Exec> } = {}): Node {
  const { exec, ...rest } = parts;
  const action = execAction({
    image: IMAGE,
    argv: ['make', id],
    limits: { memoryMiB: 64, cpus: 1, pids: 16 },
    outputs: [{ name: 'out', path: '/out' }],
    ...exec,
  });
  return { id, component: id, step: 'make', inputs: [], after: [], cache: 'content', action, ...rest };
}

export function optionsFor(store: Store, runtime: Runtime, fields: Partial<RunOptions> = {}): RunOptions & { readonly events: RunEvent[] } {
  const events: RunEvent[] = [];
  return { ...plainOptions(store, runtime, { listener: (event) => events.push(event), ...fields }), events };
}
