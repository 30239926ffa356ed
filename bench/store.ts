import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { openStore } from '../engine/index.ts';
import { type Figures, none, told } from './figures.ts';
import { RESULTS, useResult } from './store-user.ts';

const ROUNDS = Number(process.env.ROUNDS ?? 500);
const AT_ONCE = 8;

/** Kills processes in the middle of what they do with one store, eight of them at any time, and counts what is wrong then. */
export async function figures(): Promise<Figures> {
  const dir = mkdtempSync(join(tmpdir(), 'atmos-bench-store-'));
  try {
    let left = ROUNDS;
    const complaints: string[] = [];
    const one = async (): Promise<void> => {
      while (left > 0) {
        left -= 1;
        complaints.push(...(await killedUser(dir)));
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, one));
    for (const complaint of new Set(complaints)) process.stderr.write(`${complaint}\n`);
    const store = openStore(dir);
    const there: string[] = [];
    for (let index = 0; index < RESULTS; index += 1) there.push(await useResult(store, index), await useResult(store, index));
    const wrong = there.filter((one) => one !== 'right' && one !== 'made');
    const { damaged } = store.verify();
    await store.close();
    const leftovers = readdirSync(join(dir, 'tmp')).length;
    return {
      'processes killed, eight at any time': told(ROUNDS, 'count'),
      'what they saw wrong while others were killed': none(complaints.length),
      'results that were there afterwards': told(RESULTS - there.filter((one) => one === 'made').length, 'count'),
      'results that were wrong': none(wrong.length),
      'damaged objects': none(damaged.length),
      'leftovers after the next process': none(leftovers),
    };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Runs a user of the store, kills it at a random instant, and returns what it complained of. */
async function killedUser(dir: string): Promise<readonly string[]> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'store-user.ts'), dir], { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  const begun = new Promise<void>((resolve) => {
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString('utf8');
      resolve();
    });
  });
  const closed = new Promise<void>((resolve) => child.on('close', () => resolve()));
  await Promise.race([begun, closed]);
  await setTimeout(Math.random() * 200);
  child.kill('SIGKILL');
  await closed;
  return said.split('\n').filter((line) => line !== '' && line !== 'begun');
}
