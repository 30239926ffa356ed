import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findRoot, loadProject, workingTree } from '../../config/index.ts';
import { placeOf, refusal, repository } from './repository.ts';

describe('findRoot', () => {
  test('prefers an ancestor with atmos.yaml to a nearer one with deployments/', async () => {
    const root = await repository({ 'atmos.yaml': '', 'sub/deployments/a.yaml': '' });
    expect(findRoot(join(root, 'sub/deployments'))).toBe(root);
  });

  test('takes the nearest ancestor with deployments/ when there is no atmos.yaml', async () => {
    const root = await repository({ 'deployments/a.yaml': '' });
    await mkdir(join(root, 'a/b'), { recursive: true });
    expect(findRoot(join(root, 'a/b'))).toBe(root);
  });

  test('refuses a directory that is in no repository', async () => {
    expect(await refusal((async () => findRoot(await repository({})))())).toMatchObject({ kind: 'invalid', code: 'no-repository' });
  });
});

describe('loadProject', () => {
  test('has a default for everything when there is no atmos.yaml', async () => {
    const project = await loadProject(workingTree(await repository({})));
    expect(project.file).toBeUndefined();
    expect(project.stacks.basePath).toBe('stacks');
    expect(project.components.terraform).toMatchObject({ basePath: 'components/terraform', command: 'terraform' });
    expect(project.deployments).toEqual({
      basePath: 'deployments',
      engine: { runtime: 'auto', parallelism: undefined, pools: new Map(), isolation: undefined, cacheDir: '.atmos/cache' },
      images: {},
      providers: { mirror: undefined },
      tracking: { remote: undefined, push: true },
      exec: 'allow',
    });
  });

  test('puts base_path before the other paths and leaves unknown keys alone', async () => {
    const root = await repository({
      'atmos.yaml': `
base_path: ./infra
logs: { level: Info }
components: { terraform: { base_path: modules/, command: tofu } }
deployments:
  engine: { parallelism: 4, pools: { plan: 2 }, cache: { dir: /var/cache/atmos } }
  images: { terraform: "hashicorp/terraform:1.11.4" }
  functions: { exec: deny }
`,
    });
    const project = await loadProject(workingTree(root));
    expect(project.stacks.basePath).toBe('infra/stacks');
    expect(project.components.terraform).toMatchObject({ basePath: 'infra/modules', command: 'tofu' });
    expect(project.deployments).toMatchObject({
      basePath: 'infra/deployments',
      engine: { runtime: 'auto', parallelism: 4, pools: new Map([['plan', 2]]), cacheDir: '/var/cache/atmos' },
      images: { terraform: 'hashicorp/terraform:1.11.4' },
      exec: 'deny',
    });
  });

  test('refuses a value of the wrong type at its place', async () => {
    const root = await repository({ 'atmos.yaml': 'deployments:\n  engine:\n    parallelism: many\n' });
    const error = await refusal(loadProject(workingTree(root)));
    expect(error).toMatchObject({ code: 'wrong-type', message: '"deployments.engine.parallelism" must be a whole number from 1 on' });
    expect(placeOf(error)).toBe('atmos.yaml:3:18');
  });

  test('refuses a file that was named and is not there', async () => {
    expect(await refusal(loadProject(workingTree(await repository({})), 'other.yaml'))).toMatchObject({ code: 'missing-file' });
  });
});
