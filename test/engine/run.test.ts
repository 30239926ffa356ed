import { expect, test } from 'vitest';
import { AtmosError, makeGraph, outputOf, type Results, run } from '../../engine/index.ts';
import { newStore, node, optionsFor, runtimeOf } from './bench.ts';

const statuses = (results: Results) => Object.fromEntries([...results.outcomes].map(([id, { status }]) => [id, status]));

const TOKEN = { name: 'TOKEN', from: 'TOKEN' };

test('a node starts when what it waits for is done, and reads what that made', async () => {
  const store = newStore();
  const runtime = runtimeOf(store, () => 0);
  const graph = makeGraph([
    node('b', { inputs: [{ path: '/in', from: { node: 'a', output: 'out' } }] }),
    node('c', { after: ['b'] }),
    node('a'),
  ]);
  const results = await run(graph, optionsFor(store, runtime));
  expect(runtime.ran).toEqual(['a', 'b', 'c']);
  expect(outputOf(results, 'b', 'out')).toMatch(/^sha256:/);
});

test('what ran before is taken from the cache, also by another process, and no runtime is opened for it', async () => {
  const store = newStore();
  const graph = makeGraph([node('a'), node('b', { inputs: [{ path: '/in', from: { node: 'a', output: 'out' } }] })]);
  const first = await run(
    graph,
    optionsFor(
      store,
      runtimeOf(store, () => 0),
    ),
  );
  const options = optionsFor(
    store,
    runtimeOf(store, () => 0),
    {
      runtime: async () => {
        throw new Error('a runtime was opened');
      },
    },
  );
  const second = await run(graph, options);
  expect(outputOf(second, 'b', 'out')).toBe(outputOf(first, 'b', 'out'));
  expect(options.events.map(({ type }) => type)).toEqual(['queued', 'queued', 'cached', 'cached']);
});

test('a node that talks to the world runs each time', async () => {
  const store = newStore();
  const runtime = runtimeOf(store, () => 0);
  for (const _ of [1, 2]) await run(makeGraph([node('apply', { cache: 'never' })]), optionsFor(store, runtime));
  expect(runtime.ran).toEqual(['apply', 'apply']);
});

test('a changed argument, variable, image or input gives another key; the name of a node or a secret’s value does not', async () => {
  const store = newStore();
  const runtime = runtimeOf(store, () => 0);
  const runOne = (one: ReturnType<typeof node>, secrets = {}) => run(makeGraph([one]), optionsFor(store, runtime, { secrets }));
  await runOne(node('a', { exec: { argv: ['x'], secrets: [TOKEN] } }), { TOKEN: 'first' });
  await runOne(node('renamed', { exec: { argv: ['x'], secrets: [TOKEN] } }), { TOKEN: 'second' });
  expect(runtime.ran).toHaveLength(1);
  const tree = await store.putTree({ entries: [] });
  await runOne(node('a', { exec: { argv: ['y'], secrets: [TOKEN] } }), { TOKEN: 'first' });
  await runOne(node('a', { exec: { argv: ['x'], env: { A: '1' } } }));
  await runOne(node('a', { exec: { argv: ['x'] }, inputs: [{ path: '/in', from: tree }] }));
  await runOne(node('a', { exec: { argv: ['x'], network: 'bridge' } }));
  expect(runtime.ran).toHaveLength(5);
});

test('two nodes with one key execute once', async () => {
  const store = newStore();
  const runtime = runtimeOf(store, () => new Promise((resolve) => setTimeout(() => resolve(0), 20)));
  const same = { exec: { argv: ['same'] } };
  const results = await run(makeGraph([node('a', same), node('b', same)]), optionsFor(store, runtime));
  expect(runtime.ran).toHaveLength(1);
  expect(outputOf(results, 'a', 'out')).toBe(outputOf(results, 'b', 'out'));
});

test('after a failure nothing starts any more, and what runs ends in its own time', async () => {
  const store = newStore();
  const runtime = runtimeOf(store, ({ id }) => (id === 'bad' ? 3 : new Promise((resolve) => setTimeout(() => resolve(0), 30))));
  const graph = makeGraph([node('bad'), node('slow'), node('later', { after: ['slow'] }), node('dependent', { after: ['bad'] })]);
  const results = await run(graph, optionsFor(store, runtime));
  expect(statuses(results)).toEqual({ bad: 'failed', slow: 'done', later: 'cancelled', dependent: 'cancelled' });
});

test('with keep-going what does not depend on the failure goes on', async () => {
  const store = newStore();
  const runtime = runtimeOf(store, ({ id }) => (id === 'bad' ? 1 : 0));
  const graph = makeGraph([
    node('bad'),
    node('x', { after: ['bad'] }),
    node('y', { after: ['x'] }),
    node('good'),
    node('better', { after: ['good'] }),
  ]);
  const results = await run(graph, optionsFor(store, runtime, { keepGoing: true, parallelism: 1 }));
  expect(statuses(results)).toEqual({ bad: 'failed', x: 'cancelled', y: 'cancelled', good: 'done', better: 'done' });
});

test('a failed result is not kept', async () => {
  const store = newStore();
  const runtime = runtimeOf(store, () => (runtime.ran.length === 1 ? 1 : 0));
  await run(makeGraph([node('a')]), optionsFor(store, runtime));
  const again = await run(makeGraph([node('a')]), optionsFor(store, runtime));
  expect(statuses(again)).toEqual({ a: 'done' });
});

test('an interrupt starts nothing more and reaches what runs', async () => {
  const store = newStore();
  const interrupt = new AbortController();
  const runtime = runtimeOf(store, () => {
    interrupt.abort();
    return 130;
  });
  const never = new AbortController().signal;
  const results = await run(
    makeGraph([node('a'), node('b', { after: ['a'] })]),
    optionsFor(store, runtime, { cancellation: { interrupt: interrupt.signal, force: never } }),
  );
  const outcome = results.outcomes.get('a');
  expect(outcome?.status === 'failed' ? outcome.error.kind : '').toBe('interrupted');
  expect(statuses(results).b).toBe('cancelled');
});

test('a loop is an error that names it', () => {
  const graph = () => makeGraph([node('a', { after: ['c'] }), node('b', { after: ['a'] }), node('c', { after: ['b'] })]);
  expect(graph).toThrow(AtmosError);
  expect(graph).toThrow(/a → c → b → a|b → a → c → b|c → b → a → c/);
});

test('ten thousand cached nodes in a chain and in a fan are run without trouble', async () => {
  const store = newStore();
  const runtime = runtimeOf(store, () => 0);
  const same = { exec: { argv: ['same'] } };
  const chain = Array.from({ length: 2000 }, (_, index) =>
    node(`chain${index}`, { ...same, after: index === 0 ? [] : [`chain${index - 1}`] }),
  );
  const fan = Array.from({ length: 8000 }, (_, index) => node(`fan${index}`, { ...same, after: ['chain0'] }));
  const results = await run(makeGraph([...chain, ...fan]), optionsFor(store, runtime));
  expect([...results.outcomes.values()].every(({ status }) => status === 'done')).toBe(true);
  expect(runtime.ran).toHaveLength(1);
});

test('a node is run again where it declares that, as often as it does, and says so each time', async () => {
  const store = newStore();
  const failing = (times: number) => {
    let left = times;
    return runtimeOf(store, () => (left-- > 0 ? 1 : 0));
  };
  const graph = makeGraph([node('a', { exec: { retries: 2 } })]);
  const twice = optionsFor(store, failing(2));
  expect(statuses(await run(graph, twice))).toEqual({ a: 'done' });
  expect(twice.events.map(({ type }) => type)).toEqual(['queued', 'started', 'retrying', 'retrying', 'finished']);
  const thrice = optionsFor(newStore(), failing(3));
  expect(statuses(await run(graph, thrice))).toEqual({ a: 'failed' });
  const never = failing(1);
  expect(statuses(await run(makeGraph([node('b')]), optionsFor(store, never)))).toEqual({ b: 'failed' });
  expect(never.ran).toEqual(['b']);
});

test('neither what the machine lacks nor what was interrupted is tried again', async () => {
  const store = newStore();
  const graph = makeGraph([node('a', { exec: { retries: 5 } })]);
  const lacking = runtimeOf(store, () => {
    throw new AtmosError('no engine', { kind: 'environment', code: 'no-engine' });
  });
  await run(graph, optionsFor(store, lacking));
  expect(lacking.ran).toHaveLength(1);
  const interrupt = new AbortController();
  const interrupted = runtimeOf(store, () => {
    interrupt.abort();
    return 1;
  });
  await run(graph, optionsFor(store, interrupted, { cancellation: { interrupt: interrupt.signal, force: new AbortController().signal } }));
  expect(interrupted.ran).toHaveLength(1);
});

test('where isolation is strict, a node that needs what the runtime does not enforce does not run; else that is told', async () => {
  const store = newStore();
  const runtime = { ...runtimeOf(store, () => 0), abilities: new Set(['memory-limit', 'cpu-limit', 'seccomp'] as const) };
  const graph = makeGraph([node('a', { exec: { network: 'bridge' } })]);
  const strict = await run(graph, optionsFor(store, runtime, { isolation: 'strict' }));
  const outcome = strict.outcomes.get('a');
  expect(outcome).toMatchObject({ status: 'failed', error: { kind: 'environment', code: 'isolation' } });
  expect(outcome).toMatchObject({ error: { message: expect.stringContaining('pids-limit, no-root, own-network') } });
  expect(runtime.ran).toEqual([]);
  const best = optionsFor(store, runtime);
  await run(graph, best);
  expect(best.events).toContainEqual(
    expect.objectContaining({ type: 'unenforced', abilities: ['pids-limit', 'no-root', 'own-network', 'no-link-local', 'no-own-address'] }),
  );
  expect(runtime.ran).toEqual(['a']);
});

test('a node with secrets does not run where something is not enforced that it needs, unless that is asked for; one without does', async () => {
  const store = newStore();
  const runtime = { ...runtimeOf(store, () => 0), abilities: new Set(['cpu-limit'] as const) };
  const graph = makeGraph([node('a', { exec: { network: 'bridge', secrets: [TOKEN] } }), node('b', { exec: { network: 'bridge' } })]);
  const secrets = { TOKEN: 'value' };
  const { outcomes } = await run(graph, optionsFor(store, runtime, { isolation: undefined, secrets, keepGoing: true }));
  expect(outcomes.get('a')).toMatchObject({
    error: { code: 'isolation', message: expect.stringMatching(/holds secrets.*: memory-limit, pids-limit, seccomp, own-network$/) },
  });
  expect(outcomes.get('b')).toMatchObject({ status: 'done' });
  // What no engine's network does is asked for by who minds.
  const open = { ...runtime, abilities: new Set(['memory-limit', 'cpu-limit', 'pids-limit', 'seccomp', 'own-network'] as const) };
  const ran = await run(graph, optionsFor(store, open, { isolation: undefined, secrets }));
  expect(ran.outcomes.get('a')).toMatchObject({ status: 'done' });
  await run(graph, optionsFor(store, runtime, { isolation: 'best', secrets }));
  expect(runtime.ran.sort()).toEqual(['a', 'b']);
});

test('a secret that stands in a value is in no event, in what a key is made of neither', async () => {
  const store = newStore();
  const runtime = runtimeOf(store, () => 0);
  const graph = makeGraph([
    node('a', { exec: { argv: ['say', 'planted-secret'], env: { TOKEN_URL: 'https://planted-secret@host' }, secrets: [TOKEN] } }),
  ]);
  const options = optionsFor(store, runtime, { secrets: { TOKEN: 'planted-secret' } });
  await run(graph, options);
  await run(graph, options);
  expect(options.events.map(({ type }) => type)).toEqual(['queued', 'started', 'finished', 'queued', 'cached']);
  expect(JSON.stringify(options.events)).not.toContain('planted-secret');
  expect(JSON.stringify(options.events)).toContain('https://***@host');
});
