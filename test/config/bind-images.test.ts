import { describe, expect, test } from 'vitest';
import { originsOf, type ScopedComponent } from '../../config/index.ts';
import { refusal, scopeOf, varsOf } from './repository.ts';

const MODULE = { 'components/terraform/service/main.tf': 'variable "image" {}\nvariable "containers" {}\n' };

const deployment = (images: string, service: string) => ({
  ...MODULE,
  'deployments/app.yaml': `deployment:\n  name: app\n  components:\n    nixpack:\n${images}    terraform:\n      service:\n${service}`,
});

const image = (name: string, label?: string): string =>
  `      ${name}:\n        vars: { source: ./${name} }\n${label === undefined ? '' : `        metadata: { labels: { service: ${label} } }\n`}`;

const template = (value: unknown): unknown => (value as { $deferred: { template: string } }).$deferred.template;

describe('a built image reaches', () => {
  test('the component with its label, whose root module declares "image", and that waits for it', async () => {
    const scope = await scopeOf(
      deployment(image('api', 'api') + image('worker', 'worker'), '        metadata: { labels: { service: api } }\n'),
    );
    expect(template(varsOf(scope, 'terraform/service').image)).toBe('{{ nixpack.api.image }}');
    expect(scope.components['terraform/service']?.dependsOn).toEqual(['nixpack/api']);
  });

  test('the container with its name, in a map and in a list', async () => {
    const map = await scopeOf(
      deployment(image('api'), '        vars: { containers: { api: { cpu: 1 }, proxy: {}, own: { image: x } } }\n'),
    );
    const containers = varsOf(map, 'terraform/service').containers as Record<string, { image?: unknown }>;
    expect(template(containers.api?.image)).toBe('{{ nixpack.api.image }}');
    expect([containers.proxy, containers.own]).toEqual([{}, { image: 'x' }]);
    const list = await scopeOf(deployment(image('api'), '        vars: { containers: [{ name: api }, { name: proxy }] }\n'));
    const [first, second] = varsOf(list, 'terraform/service').containers as { image?: unknown }[];
    expect(template(first?.image)).toBe('{{ nixpack.api.image }}');
    expect(second).toEqual({ name: 'proxy' });
  });

  test('a component whose values are still known by where they were set', async () => {
    const scope = await scopeOf(
      deployment(image('api', 'api'), '        metadata: { labels: { service: api } }\n        vars: { containers: [] }\n'),
    );
    const { 'terraform/service': service } = scope.components;
    expect(originsOf(service as ScopedComponent)['/vars/containers']).toEqual({ file: 'deployments/app.yaml', line: 11 });
  });

  test('nothing that says itself which image it runs', async () => {
    const scope = await scopeOf(
      deployment(image('api', 'api'), '        metadata: { labels: { service: api } }\n        vars: { image: own }\n'),
    );
    expect(varsOf(scope, 'terraform/service').image).toBe('own');
  });
});

test('a label that several images have is an error that lists them', async () => {
  const error = await refusal(scopeOf(deployment(image('api', 'x') + image('web', 'x'), '        metadata: { labels: { service: x } }\n')));
  expect(error).toMatchObject({ code: 'ambiguous-image', message: expect.stringContaining('nixpack/api, nixpack/web') });
  expect(error.position?.file).toBe('deployments/app.yaml');
});

test('a label that no image has is an error that lists the candidates', async () => {
  const error = await refusal(scopeOf(deployment(image('api', 'api') + image('web'), '        metadata: { labels: { service: apj } }\n')));
  expect(error).toMatchObject({
    code: 'dangling-image',
    hint: expect.stringContaining('nixpack/api (service: api), nixpack/web (no label)'),
  });
});
