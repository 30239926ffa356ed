import { Worker } from 'node:worker_threads';
import { address } from '../test/real/e2e/ports.ts';

/** What makes each step of a rollout last for a while: builds and applies sleep, and a plan reads a state that is slow to come. */
export interface Slow {
  readonly seconds: number;
  /** Of a Terraform state that is empty, and is answered after so many seconds. */
  readonly url: string;
  close(): Promise<void>;
}

export async function slowSteps(seconds: number): Promise<Slow> {
  const worker = new Worker(STATE, { eval: true, workerData: seconds });
  const port = await new Promise<number>((resolve) => worker.once('message', resolve));
  return { seconds, url: `http://${address()}:${port}/`, close: async () => void (await worker.terminate()) };
}

/** In a thread of its own: the other one waits for its children. */
const STATE = `
const { parentPort, workerData } = require('node:worker_threads');
const state = JSON.stringify({ version: 4, terraform_version: '1.0.0', serial: 1, lineage: 'slow', outputs: {}, resources: [] });
const server = require('node:http').createServer((_, response) => setTimeout(() => response.end(state), workerData * 1000));
server.listen(0, () => parentPort.postMessage(server.address().port));
`;
