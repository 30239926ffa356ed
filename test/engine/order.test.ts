import { expect, test } from 'vitest';
import { makeGraph, run } from '../../engine/index.ts';
import { newStore, node, optionsFor, runtimeOf } from './bench.ts';

test('no more nodes run at once than are allowed, those with most after them first', async () => {
  const store = newStore();
  let [now, most] = [0, 0];
  const runtime = runtimeOf(store, async () => {
    now += 1;
    most = Math.max(most, now);
    await new Promise((resolve) => setTimeout(resolve, 5));
    now -= 1;
    return 0;
  });
  const chain = [node('long'), node('long2', { after: ['long'] }), node('long3', { after: ['long2'] })];
  await run(
    makeGraph([...Array.from({ length: 6 }, (_, index) => node(`a${index}`)), ...chain]),
    optionsFor(store, runtime, { parallelism: 2 }),
  );
  expect(most).toBe(2);
  expect(runtime.ran[0]).toBe('long');
});

test('no more nodes of a step run at once than its pool has room for, while others go on', async () => {
  const store = newStore();
  const running = new Map<string, number>();
  const most = new Map<string, number>();
  const count = (step: string, change: number): void => {
    running.set(step, (running.get(step) ?? 0) + change);
    most.set(step, Math.max(most.get(step) ?? 0, running.get(step) ?? 0));
  };
  const runtime = runtimeOf(store, async ({ id }) => {
    const step = id.slice(0, 1);
    count(step, 1);
    await new Promise((resolve) => setTimeout(resolve, 5));
    count(step, -1);
    return 0;
  });
  const nodes = ['a', 'b'].flatMap((step) => Array.from({ length: 6 }, (_, index) => node(`${step}${index}`, { step })));
  const { outcomes } = await run(makeGraph(nodes), optionsFor(store, runtime, { parallelism: 6, pools: new Map([['a', 2]]) }));
  expect([...outcomes.values()].every(({ status }) => status === 'done')).toBe(true);
  expect(most.get('a')).toBe(2);
  expect(most.get('b')).toBeGreaterThan(2);
});

test('of what could start, the beginning of what took longest before starts first; what is not known counts as usual', async () => {
  const store = newStore();
  const runtime = runtimeOf(store, () => 0);
  const graph = makeGraph([node('a'), node('b'), node('c'), node('then', { after: ['c'] }), node('new')]);
  const durations = new Map([
    ['a', 100],
    ['b', 900],
    ['c', 200],
    ['then', 800],
  ]);
  await run(graph, optionsFor(store, runtime, { parallelism: 1, durations }));
  // c and what follows it take 1000, b 900, new as long as the four do on average, a 100.
  expect(runtime.ran).toEqual(['c', 'b', 'then', 'new', 'a']);
});
