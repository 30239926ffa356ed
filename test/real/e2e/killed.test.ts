import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { BIN, newShop, type Shop } from './shop.ts';

const SLOW = `
resource "terraform_data" "slow" {
  count = 3
  provisioner "local-exec" {
    command = "sleep 2"
  }
}
`;

/** The containers that have something of a shop mounted; Podman does not say what of the machine that is, so that all count which were not there before. */
function containersOf({ dir }: Shop, before: readonly string[]): readonly string[] {
  const args = ['ps', '-a', '--no-trunc', '--filter', 'label=dev.atmos.deployment.owner', '--format', '{{.ID}} {{.Mounts}}'];
  const of = (engine: string): readonly string[] => execFileSync(engine, args, { encoding: 'utf8' }).split('\n').filter(Boolean);
  return [...of('docker').filter((line) => line.includes(dir)), ...of('podman')].filter((line) => !before.includes(line));
}

/** Starts a rollout in a process group of its own, kills all of that in the middle of the apply, and says what still runs. */
async function killInApply(shop: Shop, runtime: string): Promise<void> {
  const args = ['rollout', 'payment-service', '--target', 'dev', '--runtime', runtime];
  const child = spawn(process.execPath, [BIN, ...args], { cwd: shop.dir, detached: true, stdio: 'ignore' });
  const state = join(shop.dir, '.atmos/state/payment-service/dev/terraform/network/workspaces/acme-dev/.terraform.tfstate.lock.info');
  const exited = new Promise((resolve) => child.on('exit', resolve));
  // Terraform holds its lock while it plans, and again while it applies: the run directory tells these apart.
  const runs = join(shop.dir, '.atmos/runs');
  const applying = (): boolean => existsSync(runs) && readdirSync(runs).length > 0 && existsSync(state);
  while (!applying()) await new Promise((resolve) => setTimeout(resolve, 20));
  process.kill(-(child.pid ?? 0), 'SIGKILL');
  await exited;
}

test.each(['bubblewrap', 'docker', 'podman'])(
  'an apply whose command was killed runs to its end in %s, and the next command waits for it and goes on',
  async (runtime) => {
    const shop = await newShop();
    const before = containersOf(shop, []);
    shop.commit('components/terraform/network/main.tf', (text) => `${text}${SLOW}`);
    await killInApply(shop, runtime);
    expect((await shop.ask('status payment-service')).json.targets[0].state).toBe('deploying');
    const next = await shop.ask(`rollout payment-service --target dev --runtime ${runtime}`);
    expect(next.stderr).toContain('waited for operations that an earlier command had started: terraform/network/apply');
    expect(next.json).toMatchObject({ result: 'deployed' });
    expect(next.json.components['terraform/network']).toMatchObject({ action: 'unchanged' });
    const state = JSON.parse(
      readFileSync(join(shop.dir, '.atmos/state/payment-service/dev/terraform/network/workspaces/acme-dev/terraform.tfstate'), 'utf8'),
    );
    expect(state.resources.flatMap(({ instances }: { instances: unknown[] }) => instances)).toHaveLength(5);
    expect(readdirSync(join(shop.dir, '.atmos/runs'))).toEqual([]);
    expect(readdirSync(join(shop.dir, '.atmos/cache/tmp'))).toEqual([]);
    expect(shop.git('ls-remote', 'origin', 'refs/atmos/locks/*')).toBe('');
    expect(containersOf(shop, before)).toEqual([]);
    const kinds = (await shop.ask('history payment-service --target dev')).json.records.map(({ kind }: { kind: string }) => kind);
    expect(kinds).toEqual(['rollout', 'intent']);
  },
);

test('of two rollouts of one target at once one wins, and the other says who holds it', async () => {
  const shop = await newShop();
  shop.commit('components/terraform/network/main.tf', (text) => `${text}${SLOW}`);
  const both = await Promise.all([1, 2].map(() => shop.ask('rollout payment-service --target dev')));
  expect(both.map(({ code }) => code).sort()).toEqual([0, 3]);
  const loser = both.find(({ code }) => code === 3);
  expect(loser?.json.error).toMatchObject({ code: 'locked', message: expect.stringContaining('is being deployed by ana@example.com') });
  expect(loser?.json.error.hint).toContain('unlock payment-service --target dev --force');
});
