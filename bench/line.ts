import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { freePort } from '../test/real/e2e/ports.ts';

/** A registry behind a line that can be made to fail. */
export interface BadLine {
  readonly address: string;
  /** From now on, after so many bytes: every connection is cut, or one bit of what goes over it is another. */
  break(after: number, how: 'cut' | 'flip'): void;
  /** Bytes that went over it since. */
  passed(): number;
  /** Whether it came to that. */
  broke(): boolean;
  stop(): Promise<void>;
}

export async function startBadLine(): Promise<BadLine> {
  const dir = mkdtempSync(join(tmpdir(), 'atmos-bench-line-'));
  const port = await freePort();
  const config = join(dir, 'config.yml');
  writeFileSync(
    config,
    `version: 0.1\nlog: { level: error }\nstorage: { filesystem: { rootdirectory: ${dir}/data } }\nhttp: { addr: "127.0.0.1:${port}", secret: one }\n`,
  );
  const registry: ChildProcess = spawn('docker-registry', ['serve', config], { stdio: 'ignore' });
  for (let tries = 0; ; tries += 1) {
    const answers = await fetch(`http://127.0.0.1:${port}/v2/`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (answers) break;
    if (tries > 200) throw new Error('the registry does not answer');
    await setTimeout(50);
  }
  // Bytes until it breaks, how it does, and whether it did.
  const shared = new BigInt64Array(new SharedArrayBuffer(24));
  const worker = new Worker(LINE, { eval: true, workerData: { port, shared } });
  const own = await new Promise<number>((resolve) => worker.once('message', resolve));
  let given = 0n;
  return {
    address: `127.0.0.1:${own}`,
    break(after, how) {
      Atomics.store(shared, 1, how === 'cut' ? 0n : 1n);
      Atomics.store(shared, 2, 0n);
      given = Number.isFinite(after) ? BigInt(after) : 1n << 50n;
      Atomics.store(shared, 0, given);
    },
    passed: () => Number(given - Atomics.load(shared, 0)),
    broke: () => Atomics.load(shared, 2) === 1n,
    async stop() {
      await worker.terminate();
      registry.kill();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** In a thread of its own: the other one waits for its children. */
const LINE = `
const { parentPort, workerData: { port, shared } } = require('node:worker_threads');
const net = require('node:net');
const server = net.createServer((near) => {
  const far = net.connect(port, '127.0.0.1');
  const end = () => { near.destroy(); far.destroy(); };
  const pass = (from, to) => from.on('data', (chunk) => {
    const left = Atomics.sub(shared, 0, BigInt(chunk.length));
    if (left < BigInt(chunk.length)) {
      const first = Atomics.load(shared, 2) === 0n;
      Atomics.store(shared, 2, 1n);
      if (Atomics.load(shared, 1) === 0n) return end();
      if (first) chunk[Number(left < 0n ? 0n : left)] ^= 16;
    }
    if (!to.write(chunk)) { from.pause(); to.once('drain', () => from.resume()); }
  }).on('end', () => to.end()).on('error', end).on('close', end);
  pass(near, far);
  pass(far, near);
});
server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
`;
