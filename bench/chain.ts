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

/** The components' modules as Terraform alone takes them, in directories of their own. */
function bareModules(dir: string, components: number): readonly string[] {
  return Array.from({ length: components }, (_, index) => {
    const module = join(dir, '../bare', String(index));
    cpSync(join(dir, `components/terraform/part-${index}`), module, { recursive: true });
    writeFileSync(join(module, 'terraform.tfvars.json'), JSON.stringify({ name: `part-${index}`, size: index }));
    writeFileSync(join(module, 'backend.tf.json'), JSON.stringify({ terraform: { backend: { local: {} } } }));
    return module;
  });
}

/** Commands of Terraform in each module, from nothing but its files and its state, as many modules at once. Milliseconds. */
async function bare(modules: readonly string[], commands: readonly (readonly string[])[]): Promise<number> {
  for (const module of modules) rmSync(join(module, '.terraform'), { recursive: true, force: true });
  const waiting = [...modules];
  const began = performance.now();
  const work = async (): Promise<void> => {
    for (let module = waiting.shift(); module !== undefined; module = waiting.shift()) {
      for (const command of commands) await terraform(module, command);
    }
  };
  await Promise.all(Array.from({ length: PARALLELISM }, work));
  return performance.now() - began;
}

const PLAN = [
  ['init', '-no-color'],
  ['plan', '-no-color', '-out=tfplan'],
] as const;

function terraform(cwd: string, args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('terraform', args, { cwd, env: { ...process.env, ...TERRAFORM }, stdio: 'ignore' });
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(`terraform ${args.join(' ')}: ${code}`))));
  });
}

/** Planning many components, against Terraform alone: those that are new, and those that are as they are wanted; and doing nothing for very many. */
export async function figures(): Promise<Figures> {
  const [changed, same, hundred] = [newRepository(20), newRepository(20), newRepository(100)];
  const flags = `--no-cache --runtime bubblewrap --parallelism ${PARALLELISM}`;
  try {
    hundred.run('rollout app --parallelism 8');
    const [news, applied] = [bareModules(changed.dir, 20), bareModules(same.dir, 20)];
    await bare(applied, [['init'], ['apply', '-auto-approve']]);
    same.run('rollout app --runtime bubblewrap');
    const times = await inTurn(11, {
      // What would change is told attribute by attribute.
      bareChanged: () => bare(news, [...PLAN, ['show', '-json', 'tfplan']]),
      planChanged: () => changed.run(`plan app ${flags}`),
      bareSame: () => bare(applied, PLAN),
      planSame: () => same.run(`plan app --all ${flags}`),
    });
    const idle = await inTurn(15, { node: nodeAlone, noop: () => hundred.run('rollout app') });
    return {
      'terraform init, plan and show of 20 changed components on the host': told(times.bareChanged, 'ms'),
      'plan of 20 changed components, nothing cached': told(times.planChanged, 'ms'),
      'plan of changed / bare': atMost(times.ratio('planChanged', 'bareChanged'), 1.4),
      'terraform init and plan of 20 unchanged components on the host': told(times.bareSame, 'ms'),
      'plan of 20 unchanged components, nothing cached': told(times.planSame, 'ms'),
      'plan of unchanged / bare': atMost(times.ratio('planSame', 'bareSame'), 1.15),
      'node -e 0': told(idle.node, 'ms'),
      'no-op rollout of 100 components': told(idle.noop, 'ms'),
      'no-op / node': atMost(idle.ratio('noop', 'node'), 3),
    };
  } finally {
    for (const one of [changed, same, hundred]) one.close();
  }
}
