import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { KINDS_OF_RULES } from '../../app/workspace/kinds.ts';
import {
  type ConfigFiles,
  loadDeployment,
  loadProject,
  type Project,
  type ProjectOptions,
  type ResolveOptions,
  resolve,
  type Scope,
  type TextCache,
  workingTree,
} from '../../config/index.ts';
import { AtmosError, type JsonObject } from '../../engine/index.ts';

/** The project of a repository, with the kinds that come with the program. */
export function projectOf(files: ConfigFiles, options: ProjectOptions = {}): Promise<Project> {
  return loadProject(files, KINDS_OF_RULES, options);
}

/** A directory with some files, removed at the end of the test. */
export async function repository(files: Readonly<Record<string, string>>): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'atmos-config-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
  }
  return root;
}

export const OPTIONS: ResolveOptions = {
  git: () => ({ sha: '3c9d2b1f00000000000000000000000000000000', short_sha: '3c9d2b1', branch: 'main' }),
  env: { REGION: 'eu-west-1' },
  remote: () => 'git@git.example.com:acme/infra/live.git',
  root: '/repository',
};

/** Resolves the deployment `app` of a repository with these files. */
export async function scopeOf(
  files: Readonly<Record<string, string>>,
  target = 'default',
  options: ResolveOptions = OPTIONS,
): Promise<Scope> {
  return scopeFrom(workingTree(await repository(files)), target, options);
}

export async function scopeFrom(tree: ConfigFiles, target = 'default', options: ResolveOptions = OPTIONS): Promise<Scope> {
  const project = await projectOf(tree);
  return resolve({ files: tree, project }, await loadDeployment({ files: tree, project }, 'app'), target, options);
}

/** The `vars` of one component of a scope. */
export function varsOf(scope: Scope, address: string): JsonObject {
  return (scope.components[address]?.sections.vars ?? {}) as JsonObject;
}

/** What a piece of work is refused with; fails the test when it is not. */
export async function refusal(work: Promise<unknown>): Promise<AtmosError> {
  try {
    await work;
  } catch (error) {
    if (error instanceof AtmosError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

/** `file:line:column`. */
export function placeOf({ position }: AtmosError): string {
  return position === undefined ? 'nowhere' : `${position.file}:${position.line}:${position.column}`;
}

/** A deployment of `terraform/a`, `terraform/network` and `nixpack/api`, where `a` has these vars. */
export const withVars = (vars: string, more = ''): Readonly<Record<string, string>> => ({
  'deployments/app.yaml': `deployment:
  name: app
  context: { promote_by: digest, size: 3 }
  components:
    nixpack: { api: { vars: { source: ./services/api/ } } }
    terraform:
      network: {}
      a:
        vars:
${vars.replaceAll(/^/gm, '          ')}
${more}`,
});

/** A cache in memory, with what is kept in it. */
export function memory(): TextCache & { readonly kept: Map<string, string> } {
  const kept = new Map<string, string>();
  const keyOf = (purpose: string, content: Uint8Array): string => `${purpose} ${Buffer.from(content).toString('hex')}`;
  return {
    kept,
    get: (purpose, content) => kept.get(keyOf(purpose, content)),
    async put(purpose, content, text) {
      kept.set(keyOf(purpose, content), text);
    },
  };
}
