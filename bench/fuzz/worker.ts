import { parentPort, workerData } from 'node:worker_threads';
import { isAnswer, kindsIn } from './kinds.ts';
import { Chance } from './random.ts';
import type { Seeds } from './seeds.ts';

/** Takes inputs of one kind, from a number on; says which one it is at, and which are answered by no error of ours. */
const { dir, kind, from, to, seeds } = workerData as { dir: string; kind: string; from: number; to: number; seeds: Seeds };
const take = kindsIn(dir, seeds)[kind];
for (let seed = from; seed < to; seed += 1) {
  parentPort?.postMessage({ seed });
  try {
    await take?.(new Chance(seed + 1));
  } catch (error) {
    if (!isAnswer(error)) parentPort?.postMessage({ seed, fault: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
}
