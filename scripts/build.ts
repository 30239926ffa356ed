import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { default as standalone } from 'ajv/dist/standalone/index.js';
import { build, type Plugin } from 'rolldown';
import { eventSchema } from '../app/index.ts';
import { ANSWERS, answerSchema } from '../cli/answers/schemas.ts';
import { explain } from '../cli/commands/explain.ts';
import { makeProgram, VERBS } from '../cli/program.ts';
import { schemaOptions } from '../config/deployment/compile-schema.ts';
import { deploymentSchema } from '../config/deployment/schema.ts';
import { schemaId } from '../config/deployment/schema-id.ts';
import { stackSchema } from '../config/stacks/schema.ts';
import { SPECS } from '../kinds/index.ts';
import { asScript } from './as-script.ts';
import { builtinsAsCalls } from './builtins.ts';
import { commanderAsModule } from './commander.ts';
import { withoutFacades } from './facades.ts';

const root = join(import.meta.dirname, '..');
const outdir = join(root, 'dist');

/** Puts what configuration knows of kinds in as data: their code is loaded where something is to run. */
const kindSpecs: Plugin = {
  name: 'kind-specs',
  load(id) {
    return id.endsWith('/kinds/specs.ts') ? `export const SPECS = ${JSON.stringify(SPECS)};` : undefined;
  },
};

/** Puts the checking of deployment files in as code: compiling their schema costs more than all else of a start. */
const compiledSchema: Plugin = {
  name: 'compiled-schema',
  load(id) {
    if (id.endsWith('/deployment/schema-id.ts')) return `export const schemaId = () => ${JSON.stringify(schemaId())};`;
    if (!id.endsWith('/deployment/compile-schema.ts')) return undefined;
    const ajv = new Ajv2020({ ...schemaOptions, code: { source: true, esm: true } });
    const code = standalone.default(ajv, ajv.compile(deploymentSchema));
    return { code: `${code}\nexport const compileSchema = () => validate;`, moduleType: 'js' };
  },
};

// What --help says before any of the code is loaded.
const help = makeProgram();
explain(help);

await rm(outdir, { recursive: true, force: true });
await build({
  cwd: root,
  input: { 'atmos-deployment': 'cli/main.ts', 'clear-run': 'containers/clear-run.ts' },
  platform: 'node',
  // Large libraries that few commands need, and that find files beside themselves, stay packages.
  external: [/^node:/, 'dockerode', '@cdktn/hcl2json'],
  transform: { target: 'node22', define: { __HELP__: JSON.stringify(help.helpInformation()) } },
  // A rollout's words are also a destroy's.
  checks: { ineffectiveDynamicImport: false },
  plugins: [
    kindSpecs,
    compiledSchema,
    commanderAsModule,
    builtinsAsCalls,
    withoutFacades,
    asScript('start', join(root, 'cli/start/load-script.ts'), VERBS),
  ],
  output: {
    dir: outdir,
    format: 'esm',
    minify: true,
    minifyInternalExports: false,
    banner: ({ isEntry }) => (isEntry ? '#!/usr/bin/env node' : ''),
    // Each file costs a start a millisecond: what a rollout with nothing to do needs lies in one.
    codeSplitting: { groups: [{ name: 'start', test: /cli\/(program|verbs\/(?:rollout|describe))\.ts$/ }] },
  },
});
await mkdir(join(outdir, 'schemas'));
for (const [name, schema] of Object.entries({ deployment: deploymentSchema, event: eventSchema, stack: stackSchema })) {
  await writeFile(join(outdir, 'schemas', `${name}.json`), `${JSON.stringify(schema, null, 2)}\n`);
}
await mkdir(join(outdir, 'schemas/answers'));
for (const command of Object.keys(ANSWERS)) {
  await writeFile(join(outdir, `schemas/answers/${command.replace(' ', '-')}.json`), `${JSON.stringify(answerSchema(command), null, 2)}\n`);
}
await chmod(join(outdir, 'atmos-deployment.js'), 0o755);
