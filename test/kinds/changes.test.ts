import { expect, test } from 'vitest';
import { growingMask } from '../../engine/index.ts';
import { readChanges } from '../../kinds/terraform/changes.ts';

/** How one resource `x.y` changes. */
function changeOf(change: Readonly<Record<string, unknown>>, more: Readonly<Record<string, unknown>> = {}) {
  const document = { resource_changes: [{ address: 'x.y', change, ...more }] };
  return readChanges(document, growingMask(['s3cret-value'])).get('x.y');
}

test('an attribute that is the same is not told, one that changes is with what it was and will be', () => {
  const change = {
    actions: ['update'],
    before: { id: 'i', size: 1, tags: { a: '1', b: '2' } },
    after: { id: 'i', size: 2, tags: { a: '1', c: '3' } },
  };
  expect(changeOf(change)?.attributes).toEqual([
    { path: 'size', before: 1, after: 2 },
    { path: 'tags.b', before: '2' },
    { path: 'tags.c', after: '3' },
  ]);
});

test('blocks of a list are told one by one where there are as many as there were, else as a whole', () => {
  const before = { rule: [{ port: 1 }, { port: 2 }], names: ['a', 'b'] };
  const same = { rule: [{ port: 1 }, { port: 3 }], names: ['a', 'c'] };
  expect(changeOf({ actions: ['update'], before, after: same })?.attributes).toEqual([
    { path: 'names', before: ['a', 'b'], after: ['a', 'c'] },
    { path: 'rule[1].port', before: 2, after: 3 },
  ]);
  expect(changeOf({ actions: ['update'], before, after: { ...before, rule: [{ port: 2 }] } })?.attributes).toEqual([
    { path: 'rule', before: [{ port: 1 }, { port: 2 }], after: [{ port: 2 }] },
  ]);
});

test('what is sensitive, in whole or in part, has no value in it; a known secret is masked wherever it is', () => {
  const change = {
    actions: ['update'],
    before: { password: 'a', list: ['a', 'b'], url: 'http://s3cret-value/', map: { key: 'a', other: 1 } },
    after: { password: 'b', list: ['a', 'c'], url: 'https://s3cret-value/', map: { key: 'b', other: 2 } },
    before_sensitive: { password: true, list: [false, true] },
    after_sensitive: { password: true, map: { key: true } },
  };
  expect(changeOf(change)?.attributes).toEqual([
    { path: 'list', sensitive: true },
    { path: 'map.key', sensitive: true },
    { path: 'map.other', before: 1, after: 2 },
    { path: 'password', sensitive: true },
    { path: 'url', before: 'http://***/', after: 'https://***/' },
  ]);
});

test('numbers and short texts that are sensitive, or a secret’s, are told nowhere', () => {
  const change = {
    actions: ['update'],
    before: { input: { pin: 123456789, who: 'bob', n: '1' }, output: { pin: 123456789, who: 'bob', n: '1', size: 10 } },
    after: { input: { pin: 987654321, who: 'eve', n: '2' }, code: 31415926 },
    before_sensitive: { input: { pin: true, who: true } },
    after_sensitive: { input: { pin: true, who: true } },
    after_unknown: { output: true },
  };
  const document = { resource_changes: [{ address: 'x.y', change }] };
  expect(readChanges(document, growingMask(['31415926'])).get('x.y')?.attributes).toEqual([
    { path: 'code', after: '***' },
    { path: 'input.n', before: '1', after: '2' },
    { path: 'input.pin', sensitive: true },
    { path: 'input.who', sensitive: true },
    { path: 'output', before: { pin: '***', who: '***', n: '1', size: 10 }, unknown: true },
  ]);
});

test('what stood where a secret comes is told nowhere', () => {
  const change = {
    actions: ['update'],
    before: { input: ['plain', 'former-value'], output: ['plain', 'former-value'] },
    after: { input: ['plain', 's3cret-value'] },
    after_unknown: { output: true },
  };
  expect(changeOf(change)?.attributes).toEqual([
    { path: 'input', before: ['plain', '***'], after: ['plain', '***'] },
    { path: 'output', before: ['plain', '***'], unknown: true },
  ]);
});

test('what one attribute calls sensitive is told by no other one', () => {
  const change = {
    actions: ['update'],
    before: { input: 'a-word', output: ['a-word', 'plain'] },
    after: { input: 'b-word' },
    before_sensitive: { input: true },
    after_sensitive: { input: true },
    after_unknown: { output: true },
  };
  expect(changeOf(change)?.attributes).toEqual([
    { path: 'input', sensitive: true },
    { path: 'output', before: ['***', 'plain'], unknown: true },
  ]);
});

test('what is known after the apply has no new value, and what forces a replacement is marked', () => {
  const change = {
    actions: ['delete', 'create'],
    before: { id: 'i', zone: 'a', nested: { x: 1 } },
    after: { zone: 'b', nested: { x: 2 } },
    after_unknown: { id: true, zone: false, nested: {} },
    replace_paths: [['zone'], ['nested', 'x']],
  };
  expect(changeOf(change)?.attributes).toEqual([
    { path: 'id', before: 'i', unknown: true },
    { path: 'nested.x', before: 1, after: 2, forces: true },
    { path: 'zone', before: 'a', after: 'b', forces: true },
  ]);
});

test('what is created is told by its attributes, what is destroyed by its name alone', () => {
  expect(changeOf({ actions: ['create'], before: null, after: { a: 1, b: null, 'odd key': { c: true } } })?.attributes).toEqual([
    { path: 'a', after: 1 },
    { path: '["odd key"].c', after: true },
  ]);
  expect(changeOf({ actions: ['delete'], before: { a: 1 }, after: null })?.attributes).toEqual([]);
});

test('moves and imports say where from', () => {
  const change = { actions: ['no-op'], before: { a: 1 }, after: { a: 1 }, importing: { id: 'vpc-1' } };
  expect(changeOf(change, { previous_address: 'x.old' })).toEqual({ attributes: [], movedFrom: 'x.old', importId: 'vpc-1' });
});

test('outputs are told as a whole or by their parts', () => {
  const changes = {
    plain: { actions: ['update'], before: 'a', after: 'b' },
    object: { actions: ['update'], before: { a: 1, b: 2 }, after: { a: 1, b: 3 } },
    hidden: { actions: ['update'], before: 'a', after: 'b', after_sensitive: true },
    later: { actions: ['create'], before: null, after_unknown: true },
    other: { actions: ['update'], before: { a: 1 }, after: 'text' },
  };
  const found = readChanges({ output_changes: changes }, growingMask([]));
  expect(Object.fromEntries([...found].map(([address, { attributes }]) => [address, attributes]))).toEqual({
    'output.plain': [{ path: '', before: 'a', after: 'b' }],
    'output.object': [{ path: 'b', before: 2, after: 3 }],
    'output.hidden': [{ path: '', sensitive: true }],
    'output.later': [{ path: '', unknown: true }],
    'output.other': [{ path: '', before: { a: 1 }, after: 'text' }],
  });
});
