import { describe, expect, test } from 'vitest';
import { inspectModule, workingTree } from '../../config/index.ts';
import { memory, placeOf, refusal, repository } from './repository.ts';

const MODULE = {
  'm/main.tf': `terraform {
  required_version = ">= 1.6"
  required_providers {
    time  = { source = "hashicorp/time", version = "~> 0.14" }
    local = "~> 2.0"
  }
  backend "s3" {}
}
module "subnets" { source = "./modules/subnets" }
module "shared"  { source = "../../modules/shared" }
module "remote"  { source = "terraform-aws-modules/vpc/aws" }
`,
  'm/variables.tf': 'variable "size" {}\nvariable "name" { type = string }',
  'm/outputs.tf.json': '{ "output": { "id": { "value": 1 } } }',
  'm/modules/subnets/main.tf': 'variable "inner" {}',
};

describe('inspectModule', () => {
  test('tells what a root module declares, of the files directly in it', async () => {
    expect(await inspectModule({ files: workingTree(await repository(MODULE)) }, 'm')).toEqual({
      variables: ['name', 'size'],
      required: ['name', 'size'],
      variableTypes: { name: 'string' },
      outputs: ['id'],
      requiredProviders: {
        time: { source: 'hashicorp/time', version: '~> 0.14' },
        local: { source: 'hashicorp/local', version: '~> 2.0' },
      },
      localModules: ['../../modules/shared', './modules/subnets'],
      backend: { type: 's3', file: 'm/main.tf', line: 7, text: '  backend "s3" {}' },
    });
  });

  test('finds nothing in a directory that is not there', async () => {
    expect(await inspectModule({ files: workingTree(await repository({})) }, 'm')).toMatchObject({
      variables: [],
      outputs: [],
      backend: undefined,
    });
  });

  test('answers from the cache for the same content, wherever it lies', async () => {
    const cache = memory();
    const first = await inspectModule({ files: workingTree(await repository(MODULE)), cache }, 'm');
    const again = await inspectModule({ files: workingTree(await repository(MODULE)), cache }, 'm');
    expect(again).toEqual(first);
    expect(cache.kept.size).toBe(1);
    await inspectModule({ files: workingTree(await repository({ ...MODULE, 'm/variables.tf': '' })), cache }, 'm');
    expect(cache.kept.size).toBe(2);
  });

  test('refuses what is not HCL at its place', async () => {
    const error = await refusal(
      inspectModule({ files: workingTree(await repository({ 'm/a.tf': '# fine\nvariable "x" {\n  = 3\n}\n' })) }, 'm'),
    );
    expect(error).toMatchObject({ kind: 'invalid', code: 'invalid-hcl' });
    expect(placeOf(error)).toMatch(/^m\/a\.tf:3:/);
  });
});
