import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { default as standalone } from 'ajv/dist/standalone/index.js';
import { build, type Plugin } from 'esbuild';
import { makeProgram } from '../cli/program.ts';
import { schemaOptions } from '../config/deployment/compile-schema.ts';
import { deploymentSchema } from '../config/deployment/schema.ts';
import { stackSchema } from '../config/stacks/schema.ts';
import { eventSchema } from '../engine/index.ts';

const root = join(import.meta.dirname, '..');
const outdir = join(root, 'dist');

// Large libraries that few commands need, and that find files beside themselves, stay packages.
const external = ['dockerode', '@cdktn/hcl2json'];

/** Puts the checking of deployment files in as code: compiling their schema costs more than all else of a start. */
const compiledSchema: Plugin = {
  name: 'compiled-schema',
  setup({ onLoad }) {
    onLoad({ filter: /\/compile-schema\.ts$/ }, () => {
      const ajv = new Ajv2020({ ...schemaOptions, code: { source: true, esm: true } });
      const code = standalone.default(ajv, ajv.compile(deploymentSchema));
      return { contents: `${code}\nexport const compileSchema = () => validate;`, loader: 'js', resolveDir: root };
    });
  },
};

/** commander starts other programs as subcommands, which ours are not: what that needs is loaded with every command otherwise. */
const lazyChildProcess: Plugin = {
  name: 'lazy-child-process',
  setup({ onLoad }) {
    onLoad({ filter: /\/commander\/lib\/command\.js$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      const lazy = "{ spawn: (...args) => process.getBuiltinModule('node:child_process').spawn(...args) }";
      const contents = text.replace("require('node:child_process')", lazy);
      if (contents === text) throw new Error('commander no longer requires node:child_process in this way');
      return { contents, loader: 'js' };
    });
  },
};

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
  plugins: [compiledSchema, lazyChildProcess],
  banner: {
    js: "#!/usr/bin/env node\nimport { createRequire as __createRequire } from 'node:module';\nconst require = __createRequire(import.meta.url);",
  },
});
await mkdir(join(outdir, 'schemas'));
for (const [name, schema] of Object.entries({ deployment: deploymentSchema, event: eventSchema, stack: stackSchema })) {
  await writeFile(join(outdir, 'schemas', `${name}.json`), `${JSON.stringify(schema, null, 2)}\n`);
}
await chmod(join(outdir, 'atmos-deployment.js'), 0o755);
