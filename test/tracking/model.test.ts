import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sha256 } from '../../engine/index.ts';
import { compareTarget, destroyWork, fold, orderOf, orphansOf, reversed, rolloutWork, withoutLoops } from '../../tracking/index.ts';
import { type Command, commands, Simulation } from './simulation.ts';

/** `FUZZ=20000 npx vitest run test/tracking/model.test.ts` tries as many sequences. */
const RUNS = Number(process.env.FUZZ ?? 500);

test('whatever is done to a target, and however it ends, nothing that exists is forgotten and nothing is claimed that is not so', () => {
  fc.assert(
    fc.property(fc.array(commands(), { minLength: 1, maxLength: 14 }), (sequence: readonly Command[]) => {
      const simulation = new Simulation();
      for (const command of sequence) {
        simulation.run(command);
        simulation.check();
      }
      simulation.run({ kind: 'destroy', component: undefined, fate: { ends: [], killAfter: undefined } });
      simulation.check();
      expect(simulation.existing()).toEqual([]);
    }),
    { numRuns: RUNS },
  );
});

test('the simulation can tell a world that was forgotten from one that was not', () => {
  const simulation = new Simulation();
  simulation.run({ kind: 'declare', components: [{ name: 'net', version: 1, reads: [], dependsOn: [] }] });
  simulation.run({ kind: 'rollout', all: false, component: undefined, prune: false, fate: { ends: [], killAfter: undefined } });
  simulation.check();
  simulation.forget('terraform/net');
  expect(() => simulation.check()).toThrow();
});

test('an order holds through components that have nothing to run', () => {
  const edges = { 'terraform/task': ['nixpack/api'], 'nixpack/api': ['terraform/ecr'], 'terraform/ecr': [] };
  const runs = (address: string): boolean => address.startsWith('terraform/');
  expect(orderOf(edges, runs).get('terraform/task')).toEqual(['terraform/ecr']);
  expect(orderOf(reversed(edges), runs).get('terraform/ecr')).toEqual(['terraform/task']);
});

test('dependencies of different times that contradict one another make no loop', () => {
  expect(withoutLoops({ a: ['b'], b: ['c', 'a'], c: ['a'] })).toEqual({ a: ['b'], b: ['c'], c: [] });
});

test('work is what is not current, and what is no longer declared only where it is asked for', () => {
  const [layer, settings] = [sha256('layer'), sha256('settings')];
  const simulation = new Simulation();
  const { state } = simulation;
  const wanted = { 'terraform/net': { layer, settings, upstream: [] } };
  expect([...rolloutWork(state, wanted, { all: false, component: undefined, prune: true })]).toEqual([['terraform/net', 'apply']]);
  expect(compareTarget(state, wanted)).toEqual({ 'terraform/net': { comparison: 'new', reason: null } });
  expect(destroyWork(state, undefined).size).toBe(0);
  expect(orphansOf(state, [])).toEqual([]);
  expect(fold({ deployment: 'shop', target: 'dev' }, [])).toEqual(state);
});

test('what reads outputs that changed since is not current, and its target is not deployed', () => {
  const simulation = new Simulation();
  const net = { name: 'net', version: 1, reads: [], dependsOn: [] };
  simulation.run({ kind: 'declare', components: [net, { name: 'db', version: 1, reads: ['net'], dependsOn: [] }] });
  const rollout = { kind: 'rollout', all: false, component: undefined, prune: false, fate: { ends: [], killAfter: undefined } } as const;
  simulation.run(rollout);
  expect(simulation.state.state).toBe('deployed');
  simulation.run({ kind: 'bump', component: 0 });
  simulation.run({ ...rollout, component: 0 });
  expect(simulation.state.state).toBe('partial');
  simulation.run(rollout);
  expect(simulation.state.state).toBe('deployed');
  simulation.check();
});
