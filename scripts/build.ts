import { chmod, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { makeProgram } from '../cli/program.ts';

const root = join(import.meta.dirname, '..');
const outdir = join(root, 'dist');

// Large libraries that few commands need, and that find files beside themselves, stay packages.
const external = ['dockerode', '@cdktn/hcl2json'];

await rm(outdir, { recursive: true, force: true });
await build({
  absWorkingDir: root,
  entryPoints: { 'atmos-deployment': 'cli/main.ts' },
  outdir,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node22',
  minify: true,
  define: { __HELP__: JSON.stringify(makeProgram().helpInformation()) },
  external,
  banner: {
    js: "#!/usr/bin/env node\nimport { createRequire as __createRequire } from 'node:module';\nconst require = __createRequire(import.meta.url);",
  },
});
await chmod(join(outdir, 'atmos-deployment.js'), 0o755);
