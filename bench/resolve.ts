import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FUNCTIONS, parseTemplate, render } from '../gotemplate/index.ts';
import { atMost, type Figures, inTurn, told } from './figures.ts';
import { nodeAlone, PROGRAM, timed } from './shop.ts';

const COMPONENTS = 10;
const IMPORTS = 12;

const CATALOG = (index: number): string => `vars: { shared_${index}: ${index}, tags: { part_${index}: "yes" } }
settings: { level_${index}: { enabled: true, size: ${index} } }
components:
  terraform:
    base/${index}:
      metadata: { type: abstract }
      vars: { size: ${index}, zones: [a, b, c], name: "base-${index}", nested: { deep: { value: ${index}, list: [1, 2, 3] } } }
      env: { BASE_${index}: "1" }
`;

function stack(index: number): string {
  const imports = Array.from({ length: IMPORTS }, (_, at) => `catalog/part-${at}`);
  const components = Array.from(
    { length: COMPONENTS },
    (_, at) => `    app-${at}:
      metadata: { component: app, inherits: [base/${at % IMPORTS}, base/${(at + 1) % IMPORTS}] }
      vars:
        name: "{{ .vars.stage }}-app-${at}"
        label: '{{ .atmos_component | upper }}/{{ .vars.region | replace "-" "" }}'
        size: ${at}
`,
  );
  return `import: [${imports.join(', ')}]
vars: { stage: s${index}, region: eu-west-1, index: ${index} }
components:
  terraform:
${components.join('')}`;
}

/** A repository of so many stacks of ten components each; the deployment `one` has one of them, `all` has all as its targets. */
class Repository {
  readonly dir = mkdtempSync(join(tmpdir(), 'atmos-bench-resolve-'));

  constructor(instances: number) {
    const stacks = instances / COMPONENTS;
    const write = (path: string, text: string): void => writeFileSync(join(this.dir, path), text);
    for (const dir of ['stacks/catalog', 'stacks/orgs', 'deployments', 'components/terraform/app'])
      mkdirSync(join(this.dir, dir), { recursive: true });
    write(
      'atmos.yaml',
      'base_path: ""\nstacks: { base_path: stacks, name_template: "{{ .vars.stage }}" }\ntemplates: { settings: { enabled: true } }\n',
    );
    write('components/terraform/app/main.tf', 'variable "name" { type = string }\n');
    for (let index = 0; index < IMPORTS; index += 1) write(`stacks/catalog/part-${index}.yaml`, CATALOG(index));
    for (let index = 0; index < stacks; index += 1) write(`stacks/orgs/s${index}.yaml`, stack(index));
    const components = Array.from({ length: COMPONENTS }, (_, at) => `      app-${at}:\n`).join('');
    const head = (name: string): string => `deployment:\n  name: ${name}\n  components:\n    terraform:\n${components}  targets:\n`;
    write('deployments/one.yaml', `${head('one')}    s0: { stacks: [orgs/s0] }\n`);
    const targets = Array.from({ length: stacks }, (_, index) => `    s${index}: { stacks: [orgs/s${index}] }\n`);
    write('deployments/all.yaml', head('all') + targets.join(''));
    execFileSync('git', ['-C', this.dir, 'init', '--quiet', '--initial-branch=main']);
  }

  describe(args = 'describe one --target s0 --format json'): number {
    return timed(process.execPath, [PROGRAM, ...args.split(' ')], this.dir);
  }

  /** With nothing kept of what was read before. */
  describeCold(): number {
    this.forget();
    return this.describe();
  }

  forget(): void {
    rmSync(join(this.dir, '.atmos'), { recursive: true, force: true });
  }

  /** MiB at most of a whole process. */
  peak(): number {
    const report = 'data:text/javascript,process.on("exit",()=>process.stderr.write("\\nPEAK "+process.resourceUsage().maxRSS))';
    const args = ['--import', report, PROGRAM, 'describe', 'one', '--target', 's0', '--format', 'json'];
    const { stderr } = spawnSync(process.execPath, args, { cwd: this.dir, encoding: 'utf8' });
    return Number(/PEAK (\d+)/.exec(stderr)?.[1]) / 1024;
  }

  close(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }
}

/** How many times as long a template takes as putting the same texts together does. */
function templateCost(): number {
  const template = parseTemplate('{{ .vars.stage }}-{{ .vars.region }}/{{ .name | upper }}');
  const data = { vars: { stage: 'dev', region: 'eu-west-1' }, name: 'app' };
  const measure = (work: () => string): number => {
    const began = performance.now();
    let length = 0;
    for (let round = 0; round < 100_000; round += 1) length += work().length;
    return length > 0 ? performance.now() - began : Number.NaN;
  };
  const options = { functions: FUNCTIONS, missingKey: 'default' } as const;
  const evaluate = (): string => render(template, data, options);
  const concatenate = (): string => `${data.vars.stage}-${data.vars.region}/${data.name.toUpperCase()}`;
  measure(evaluate);
  measure(concatenate);
  return measure(evaluate) / measure(concatenate);
}

/** What resolving costs: with the deployment's scope, not with the repository. */
export async function figures(): Promise<Figures> {
  const sizes = [100, 1000, 10_000].map((instances) => new Repository(instances));
  const [small, middle, large] = sizes as [Repository, Repository, Repository];
  try {
    for (const one of sizes) one.describe();
    const warm = await inTurn(31, {
      node: nodeAlone,
      small: () => small.describe(),
      middle: () => middle.describe(),
      large: () => large.describe(),
    });
    const cold = await inTurn(7, { node: nodeAlone, large: () => large.describeCold() });
    large.describe();
    const all = await inTurn(1, { all: () => large.describe('describe all --all-targets --format json') });
    return {
      'node -e 0': told(warm.node, 'ms'),
      'describe of one target, 100 instances': told(warm.ratio('small', 'node'), 'ratio'),
      'describe of one target, 1,000 instances': told(warm.ratio('middle', 'node'), 'ratio'),
      'describe of one target, 10,000 instances': atMost(warm.ratio('large', 'node'), 2.5),
      'the same with nothing cached': atMost(cold.ratio('large', 'node'), 5),
      '10,000 instances / 100': atMost(warm.ratio('large', 'small'), 1.05),
      'peak memory': atMost(large.peak(), 90, 'MiB'),
      'describe of 1,000 targets in one process': atMost(all.all / 1000, 10, 's'),
      'a template / the same by concatenation': told(templateCost(), 'ratio'),
    };
  } finally {
    for (const one of sizes) one.close();
  }
}
