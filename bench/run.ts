import type { Figures } from './figures.ts';

const BENCHES: Readonly<Record<string, () => Promise<{ figures(): Promise<Figures> }>>> = {
  chain: () => import('./chain.ts'),
  engine: () => import('./engine.ts'),
  faults: () => import('./faults.ts'),
  fuzz: () => import('./fuzz.ts'),
  graphs: () => import('./graphs.ts'),
  inputs: () => import('./inputs.ts'),
  network: () => import('./network.ts'),
  outages: () => import('./outages.ts'),
  resolve: () => import('./resolve.ts'),
  rollout: () => import('./rollout.ts'),
  sequences: () => import('./sequences.ts'),
  start: () => import('./start.ts'),
  store: () => import('./store.ts'),
  writers: () => import('./writers.ts'),
};

const name = process.argv[2] ?? '';
const load = BENCHES[name];
if (load === undefined) {
  process.stderr.write(`usage: npm run bench -- NAME, one of: ${Object.keys(BENCHES).join(', ')}\n`);
  process.exit(2);
}
const figures = await (await load()).figures();
process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`);
process.exitCode = Object.values(figures).every(({ holds }) => holds) ? 0 : 1;
