import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { type Figures, none, told } from './figures.ts';
import { kindsIn } from './fuzz/kinds.ts';
import { type Seeds, seedsOf } from './fuzz/seeds.ts';
import { newShop } from './shop.ts';

/** How many inputs of each kind; `ROUNDS=10000 npm run bench -- fuzz`. */
const ROUNDS = Number(process.env.ROUNDS ?? 2000);
/** The number of the first one. */
const FIRST = Number(process.env.FIRST ?? 0);
/** Milliseconds after which an input counts as one that hangs. */
const HANG = 5000;
/** Of each kind so many faults are shown. */
const SHOWN = 3;

interface Inputs {
  readonly dir: string;
  readonly kind: string;
  readonly from: number;
  readonly to: number;
  readonly seeds: Seeds;
}

interface Counts {
  faults: number;
  hangs: number;
  crashes: number;
}

/** Takes odd inputs of every kind, each kind in a thread of its own that is ended when it hangs. */
export async function figures(): Promise<Figures> {
  const shop = newShop();
  const base = mkdtempSync(join(tmpdir(), 'atmos-fuzz-'));
  const canary = join(base, 'x');
  writeFileSync(canary, 'canary');
  const found: Record<string, ReturnType<typeof told>> = {};
  try {
    const seeds = seedsOf(shop);
    const dir = join(base, 'below/deep/inside');
    for (const kind of Object.keys(kindsIn(dir, seeds))) {
      const { faults, hangs, crashes } = await taken(kind, dir, seeds);
      Object.assign(found, {
        [`${kind}: inputs`]: told(ROUNDS, 'count'),
        [`${kind}: internal errors`]: none(faults),
        [`${kind}: over ${HANG / 1000} s`]: none(hangs),
        [`${kind}: crashes`]: none(crashes),
      });
    }
    const outside = [readdirSync(base).join(), readdirSync(join(base, 'below')).join(), readdirSync(join(base, 'below/deep')).join()];
    const isClean = outside.join(' ') === 'below,x deep inside' && readFileSync(canary, 'utf8') === 'canary';
    return { ...found, 'files outside of where they belong': none(isClean ? 0 : 1) };
  } finally {
    shop.close();
    rmSync(base, { recursive: true, force: true });
  }
}

async function taken(kind: string, dir: string, seeds: Seeds): Promise<Counts> {
  const counts: Counts = { faults: 0, hangs: 0, crashes: 0 };
  const to = FIRST + ROUNDS;
  for (let from = FIRST; from < to; ) from = await until(kind, { dir, kind, from, to, seeds }, counts);
  return counts;
}

/** Runs a thread until it is through, hangs or is gone; the number of the input that comes next. */
function until(kind: string, workerData: Inputs, counts: Counts): Promise<number> {
  return new Promise((resolve) => {
    const worker = new Worker(new URL('fuzz/worker.ts', import.meta.url), { workerData, resourceLimits: { maxOldGenerationSizeMb: 2048 } });
    let at = workerData.from;
    let timer: NodeJS.Timeout | undefined;
    const watch = (): void => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        counts.hangs += 1;
        process.stderr.write(`${kind}, input ${at}: hangs\n`);
        void worker.terminate().then(() => resolve(at + 1));
      }, HANG);
    };
    watch();
    worker.on('message', ({ seed, fault }: { seed: number; fault?: string }) => {
      at = seed;
      watch();
      if (fault === undefined) return;
      counts.faults += 1;
      if (counts.faults <= SHOWN) process.stderr.write(`${kind}, input ${seed}: ${fault}\n`);
    });
    worker.on('error', (error) => {
      counts.crashes += 1;
      process.stderr.write(`${kind}, input ${at}: ${error.message}\n`);
    });
    worker.on('exit', (code) => {
      clearTimeout(timer);
      resolve(code === 0 ? workerData.to : at + 1);
    });
  });
}
