import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { connect } from '../../../containers/docker-api/connect.ts';
import { EFFECT, NODE, OWNER } from '../../../containers/docker-api/labels.ts';
import { removeLeftovers, removeUnstarted } from '../../../containers/docker-api/leftovers.ts';
import { formatProcess, thisProcess } from '../../../engine/index.ts';

/** A process of this machine that is gone: pids are not so large. */
const GONE = formatProcess({ machine: thisProcess().machine, pid: 2 ** 30, started: '1' });

test.each(['docker', 'podman'] as const)('an effect that a killed process created and never started is removed from %s', async (name) => {
  const call = (...args: readonly string[]): string => execFileSync(name, args, { encoding: 'utf8', input: Buffer.alloc(1024) }).trim();
  const image = call('import', '-');
  const created = (owner: string): string =>
    call('create', '--label', `${OWNER}=${owner}`, '--label', `${EFFECT}=yes`, '--label', `${NODE}=terraform/a/apply`, image, '/none');
  const [left, own] = [created(GONE), created(formatProcess(thisProcess()))];
  const engine = await connect(name);
  try {
    expect(await removeLeftovers(engine)).toContain('terraform/a/apply');
    const ids = call('ps', '-aq', '--no-trunc');
    expect([ids.includes(left), ids.includes(own)]).toEqual([false, true]);
  } finally {
    await engine.close();
    call('rm', own);
    call('rmi', image);
  }
});

test.each(['docker', 'podman'] as const)(
  'what %s made for a killed process after the next one had looked is removed when that ends',
  async (name) => {
    const call = (...args: readonly string[]): string => execFileSync(name, args, { encoding: 'utf8', input: Buffer.alloc(1024) }).trim();
    const image = call('import', '-');
    const created = (owner: string): string => call('create', '--label', `${OWNER}=${owner}`, '--label', `${NODE}=a/plan`, image, '/none');
    const [left, own] = [created(GONE), created(formatProcess(thisProcess()))];
    call('volume', 'create', '--label', `${OWNER}=${GONE}`, 'atmos-left-by-nobody');
    const engine = await connect(name);
    try {
      await removeUnstarted(engine);
      const ids = call('ps', '-aq', '--no-trunc');
      expect([ids.includes(left), ids.includes(own)]).toEqual([false, true]);
      expect(call('volume', 'ls', '-q')).not.toContain('atmos-left-by-nobody');
    } finally {
      await engine.close();
      call('rm', own);
      call('rmi', image);
    }
  },
);
