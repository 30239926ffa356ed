import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';

/** What a line to an engine does: lets all pass; cuts every connection once; drops those that are idle for three seconds; lets nothing pass any more. */
export type Line = 'pass' | 'cut' | 'idle' | 'silent';

/** A container engine's socket behind a line that can be made to fail. */
export interface EngineLine {
  readonly host: string;
  set(line: Line): void;
  close(): Promise<void>;
}

export async function startEngineLine(socket: string): Promise<EngineLine> {
  const dir = mkdtempSync(join(tmpdir(), 'atmos-bench-engine-'));
  const path = join(dir, 'engine.sock');
  const worker = new Worker(LINE, { eval: true, workerData: { path, socket } });
  await new Promise((resolve) => worker.once('message', resolve));
  return {
    host: `unix://${path}`,
    set: (line) => worker.postMessage(line),
    async close() {
      await worker.terminate();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** In a thread of its own: the other one waits for its children. */
const LINE = `
const { parentPort, workerData: { path, socket } } = require('node:worker_threads');
const net = require('node:net');
const pairs = new Set();
let line = 'pass';
net.createServer({ allowHalfOpen: true }, (near) => {
  const far = net.connect({ path: socket, allowHalfOpen: true });
  const pair = { near, far, at: Date.now() };
  pairs.add(pair);
  const end = () => { pairs.delete(pair); near.destroy(); far.destroy(); };
  const pass = (from, to) => from.on('data', (chunk) => {
    if (line === 'silent') return;
    pair.at = Date.now();
    to.write(chunk);
  }).on('end', () => line === 'silent' || to.end()).on('error', end).on('close', () => line === 'silent' || end());
  pass(near, far);
  pass(far, near);
}).listen(path, () => parentPort.postMessage('ready'));
const cutAll = () => { for (const { near, far } of [...pairs]) { near.destroy(); far.destroy(); } pairs.clear(); };
parentPort.on('message', (wanted) => {
  if (wanted === 'cut' || line === 'silent') cutAll();
  line = wanted === 'cut' ? 'pass' : wanted;
});
setInterval(() => {
  if (line !== 'idle') return;
  for (const { near, far, at } of [...pairs]) if (Date.now() - at > 3000) { near.destroy(); far.destroy(); }
}, 200);
`;
