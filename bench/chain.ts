import { execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atMost, type Figures, inTurn, told } from './figures.ts';
import { nodeAlone, PROGRAM, timed } from './shop.ts';

/** How many are planned at once, here and by Terraform alone. */
const PARALLELISM = 4;
const MODULE = `
variable "name" { type = string }
variable "size" { type = number }
resource "terraform_data" "one" { input = { name = var.name, size = var.size } }
resource "terraform_data" "two" { input = terraform_data.one.id }
output "id" { value = terraform_data.one.id }
`;
const TERRAFORM = { TF_IN_AUTOMATION: '1', TF_INPUT: '0', CHECKPOINT_DISABLE: '1', TF_CLI_CONFIG_FILE: '/dev/null' };

/** A deployment of independent components, each with a root module of its own. */
function newRepository(components: number): { dir: string; close(): void; run(args: string): number } {
  const base = mkdtempSync(join(tmpdir(), 'atmos-bench-chain-'));
  const dir = join(base, 'repository');
  const names = Array.from({ length: components }, (_, index) => `part-${index}`);
  for (const [index, name] of names.entries()) {
    mkdirSync(join(dir, 'components/terraform', name), { recursive: true });
    // Each of its own, so that no init serves two.
    writeFileSync(join(dir, 'components/terraform', name, 'main.tf'), `# part ${index}\n${MODULE}`);
  }
  mkdirSync(join(dir, 'deployments'));
  const sections = names.map((name, index) => `      ${name}: { vars: { name: ${name}, size: ${index} } }\n`).join('');
  writeFileSync(
    join(dir, 'deployments/app.yaml'),
    `deployment:\n  name: app\n  components:\n    terraform:\n${sections}  targets: { dev: {} }\n`,
  );
  writeFileSync(join(dir, 'atmos.yaml'), 'base_path: ""\n');
  writeFileSync(join(dir, '.gitignore'), '.atmos/\n');
  const git = (...args: readonly string[]): void => void execFileSync('git', ['-C', dir, ...args], { stdio: 'ignore' });
  git('init', '--quiet', '--initial-branch=main');
  git('config', 'user.name', 'Bench');
  git('config', 'user.email', 'bench@example.com');
  const run = (args: string): number => timed(process.execPath, [PROGRAM, ...args.split(' ')], dir);
  run('images build app');
  git('add', '--all');
  git('commit', '--quiet', '--message=First');
  return { dir, run, close: () => rmSync(base, { recursive: true, force: true }) };
}

/** `init` and `plan` of each on the host, as many at once. Milliseconds. */
async function bare(dir: string, components: number): Promise<number> {
  const base = join(dir, '../bare');
  rmSync(base, { recursive: true, force: true });
  const waiting = Array.from({ length: components }, (_, index) => index);
  for (const index of waiting) {
    const module = join(base, String(index));
    cpSync(join(dir, `components/terraform/part-${index}`), module, { recursive: true });
    writeFileSync(join(module, 'terraform.tfvars.json'), JSON.stringify({ name: `part-${index}`, size: index }));
    writeFileSync(join(module, 'backend.tf.json'), JSON.stringify({ terraform: { backend: { local: {} } } }));
  }
  const began = performance.now();
  const work = async (): Promise<void> => {
    for (let index = waiting.shift(); index !== undefined; index = waiting.shift()) {
      const module = join(base, String(index));
      await terraform(module, ['init', '-no-color']);
      await terraform(module, ['plan', '-no-color', '-out=tfplan']);
    }
  };
  await Promise.all(Array.from({ length: PARALLELISM }, work));
  return performance.now() - began;
}

function terraform(cwd: string, args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('terraform', args, { cwd, env: { ...process.env, ...TERRAFORM }, stdio: 'ignore' });
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(`terraform ${args.join(' ')}: ${code}`))));
  });
}

/** Planning many components from nothing, against Terraform alone; and doing nothing for very many. */
export async function figures(): Promise<Figures> {
  const twenty = newRepository(20);
  const hundred = newRepository(100);
  try {
    hundred.run('rollout app --parallelism 8');
    const times = await inTurn(11, {
      bare: () => bare(twenty.dir, 20),
      plan: () => twenty.run(`plan app --no-cache --runtime bubblewrap --parallelism ${PARALLELISM}`),
    });
    const idle = await inTurn(15, { node: nodeAlone, noop: () => hundred.run('rollout app') });
    return {
      'terraform init and plan of 20 components on the host': told(times.bare, 'ms'),
      'plan of 20 components, nothing cached': told(times.plan, 'ms'),
      'plan / bare': atMost(times.ratio('plan', 'bare'), 1.15),
      'node -e 0': told(idle.node, 'ms'),
      'no-op rollout of 100 components': told(idle.noop, 'ms'),
      'no-op / node': atMost(idle.ratio('noop', 'node'), 3),
    };
  } finally {
    twenty.close();
    hundred.close();
  }
}
