import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { atMost, type Figures, inTurn, told } from './figures.ts';
import { newShop, type Shop, timed } from './shop.ts';

/** The variables of the bare runs: what the stacks say, and constants for what one component hands to the next. */
const VARIABLES: Readonly<Record<string, unknown>> = {
  network: { name: 'acme-dev', cidr: '10.10.0.0/16', zones: 1, tags: {} },
  database: {
    name: 'dev-payments',
    engine: 'postgres',
    engine_version: '16',
    storage_gb: 20,
    multi_zone: false,
    backups: { enabled: true, retention_days: 7 },
    subnet_ids: { 'zone-1': 'subnet' },
  },
  'service-api': {
    name: 'payment-api',
    image: `registry.example.com/payment-api@sha256:${'0'.repeat(64)}`,
    port: 8080,
    replicas: 1,
    network_id: 'network',
    database_url: 'postgres://database/payments',
  },
};
const TERRAFORM = { TF_IN_AUTOMATION: '1', TF_INPUT: '0', CHECKPOINT_DISABLE: '1', TF_CLI_CONFIG_FILE: '/dev/null' };

/** The first rollout of the example's three components: in either runtime, and by Terraform alone on the host. */
export async function figures(): Promise<Figures> {
  const shop = newShop();
  terraformAlone(shop);
  try {
    const rollout = (flags: string) => (): number => {
      rmSync(join(shop.dir, '.atmos/state'), { recursive: true, force: true });
      return shop.run(`rollout payment-service --target dev --all ${flags}`);
    };
    const times = await inTurn(7, {
      bare: () => bare(shop),
      cold: rollout('--no-cache --runtime bubblewrap'),
      warm: rollout('--runtime bubblewrap'),
      docker: rollout('--runtime docker'),
    });
    return {
      'bare terraform': told(times.bare, 'ms'),
      'bubblewrap, nothing cached': told(times.cold, 'ms'),
      'bubblewrap, init cached': told(times.warm, 'ms'),
      'docker, init cached': told(times.docker, 'ms'),
      'bubblewrap, nothing cached / bare': atMost(times.ratio('cold', 'bare'), 1.3),
      'bubblewrap, init cached / bare': atMost(times.ratio('warm', 'bare'), 1.3),
      'docker / bare': told(times.ratio('docker', 'bare'), 'ratio'),
    };
  } finally {
    shop.close();
  }
}

/** Takes the image out of the deployment: its build is no work of Terraform's. */
function terraformAlone({ dir }: Shop): void {
  const file = join(dir, 'deployments/payment-service.yaml');
  const text = readFileSync(file, 'utf8');
  const without = text.slice(0, text.indexOf('    nixpack:')) + text.slice(text.indexOf('    terraform:'));
  const phases = without.slice(0, without.indexOf('  phases:')) + without.slice(without.indexOf('  targets:'));
  const image = String((VARIABLES['service-api'] as { image: string }).image);
  writeFileSync(file, phases.replace('          network_id:', `          image: ${image}\n          network_id:`));
  execFileSync('git', ['-C', dir, 'commit', '--quiet', '--all', '--message=Terraform alone']);
}

/** `init`, `plan`, `apply` of each in order of dependency, `output` where another reads it. */
function bare({ dir }: Shop): number {
  const base = join(dir, '../bare');
  rmSync(base, { recursive: true, force: true });
  mkdirSync(base);
  let elapsed = 0;
  for (const [name, variables] of Object.entries(VARIABLES)) {
    const module = join(base, name);
    cpSync(join(dir, 'components/terraform', name), module, { recursive: true });
    writeFileSync(join(module, 'terraform.tfvars.json'), JSON.stringify(variables));
    for (const args of [['init'], ['plan', '-out=tfplan'], ['apply', 'tfplan'], ['output', '-json']]) {
      elapsed += timed('terraform', [...args, ...(args[0] === 'output' ? [] : ['-no-color'])], module, TERRAFORM);
    }
  }
  return elapsed;
}
