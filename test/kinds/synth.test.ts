import { expect, test } from 'vitest';
import { aliased } from '../../kinds/terraform/synth.ts';

test('a provider with a dot in its name is another configuration of the one before the dot, with an alias', () => {
  const one = { region: 'us-east-1' };
  expect(aliased({ aws: one, 'aws.second': { region: 'eu-west-1' }, null: {} })).toEqual({
    aws: [one, { alias: 'second', region: 'eu-west-1' }],
    null: {},
  });
  expect(aliased({ 'aws.b': one, 'aws.a': { alias: 'own' } })).toEqual({ aws: [{ alias: 'own' }, { alias: 'b', ...one }] });
  expect(aliased({ aws: [one, { alias: 'c' }], 'aws.d': {} })).toEqual({ aws: [one, { alias: 'c' }, { alias: 'd' }] });
  expect(aliased({ aws: one })).toEqual({ aws: one });
});
