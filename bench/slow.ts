import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { address } from '../test/real/e2e/ports.ts';
import type { Backing } from './backing.ts';

/**
 * A backing by which each step of a rollout lasts for so many seconds at least: builds and applies sleep, and whoever reads a state waits for it.
 * `backend_type: http`, of a server of our own, which keeps markers too.
 */
export async function slowBacking(seconds: number, env: Readonly<Record<string, string>>): Promise<Backing> {
  const dir = mkdtempSync(join(tmpdir(), 'atmos-slow-'));
  const worker = new Worker(SERVER, { eval: true, workerData: { dir, seconds } });
  const port = await new Promise<number>((resolve) => worker.once('message', resolve));
  const url = `http://${address()}:${port}`;
  const names = (kind: string): readonly string[] =>
    readdirSync(dir).flatMap((name) => (name.startsWith(`${kind}~`) ? [name.slice(kind.length + 1)] : []));
  return {
    seconds,
    made: `sleep ${seconds}; wget -q -O /dev/null ${url}/made/\${self.id}`,
    destroyed: `wget -q -O /dev/null ${url}/destroyed/\${self.id}`,
    backend: `backend_type: http, backend: { http: { address: "${url}/state/NAME" } }, `,
    secrets: '',
    env,
    markers: () => names('made'),
    state: () => readFileSync(join(dir, 'state~things'), 'utf8'),
    async close() {
      await worker.terminate();
      rmSync(dir, { recursive: true });
    },
  };
}

/** In a thread of its own: the other one waits for its children. */
const SERVER = `
const { parentPort, workerData: { dir, seconds } } = require('node:worker_threads');
const { existsSync, readFileSync, rmSync, writeFileSync } = require('node:fs');
const server = require('node:http').createServer((request, response) => {
  const parts = [];
  request.on('data', (part) => parts.push(part)).on('end', () => {
    const [, what, id] = request.url.split('/');
    const path = dir + '/' + (what === 'destroyed' ? 'made' : what) + '~' + id;
    if (what === 'destroyed') rmSync(path, { force: true });
    else if (what === 'made') writeFileSync(path, '');
    else if (request.method === 'POST') writeFileSync(path, Buffer.concat(parts));
    else return void setTimeout(() => {
      const found = existsSync(path);
      response.writeHead(found ? 200 : 404).end(found ? readFileSync(path) : '');
    }, seconds * 1000);
    response.end();
  });
});
server.listen(0, () => parentPort.postMessage(server.address().port));
`;
