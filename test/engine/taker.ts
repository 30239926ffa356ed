import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { openStore, sha256 } from '../../engine/index.ts';

/** Takes a key of a store, which has no directory for it, at the very moment at which another taker does, many times; says how often it had it. */
const { dir, gate, rounds, cleans } = workerData as { dir: string; gate: SharedArrayBuffer; rounds: number; cleans: boolean };
const arrived = new Int32Array(gate);
const store = openStore(dir);
/** Waits for the other one, too: nobody sleeps. */
const meet = (at: number): void => {
  Atomics.add(arrived, at, 1);
  while (Atomics.load(arrived, at) < 2);
};
await store.lease(sha256('first'));
let had = 0;
for (let round = 0; round < rounds; round += 1) {
  meet(2 * round);
  if (cleans) rmSync(join(dir, 'turns'), { recursive: true, force: true });
  meet(2 * round + 1);
  if ('end' in (await store.lease(sha256(`key ${round}`)))) had += 1;
}
parentPort?.postMessage(had);
