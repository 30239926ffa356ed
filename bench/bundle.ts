import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build } from 'rolldown';
import { builtinsAsCalls } from '../scripts/builtins.ts';

/** A program of the benchmarks, made and started as ours is: what was compiled once is not compiled again. */
export interface Bundle {
  readonly start: string;
  remove(): void;
}

/** Bundles a file of this folder. It lies beside the packages, which it loads as ours does. */
export async function bundle(name: string): Promise<Bundle> {
  const dir = mkdtempSync(join(resolve(import.meta.dirname, '..'), 'node_modules/.bench-'));
  await build({
    input: join(import.meta.dirname, name),
    platform: 'node',
    external: [/^node:/, 'dockerode', '@cdktn/hcl2json'],
    plugins: [builtinsAsCalls],
    output: { dir, entryFileNames: 'program.mjs', chunkFileNames: '[name]-[hash].mjs', format: 'esm', minify: true },
  });
  const start = join(dir, 'start.mjs');
  writeFileSync(start, "import { enableCompileCache } from 'node:module';\nenableCompileCache();\nawait import('./program.mjs');\n");
  return { start, remove: () => rmSync(dir, { recursive: true, force: true }) };
}
