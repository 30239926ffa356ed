import type { Command, Option } from 'commander';

const ADDRESS = 'address of a component: <kind>/<name>, or its name alone where only one has it';

/** What arguments are, by name. */
const ARGUMENTS: Readonly<Record<string, string>> = {
  deployment: 'name of a deployment: that of its file in deployments/',
  target: 'name of one of its targets, as --target',
  component: ADDRESS,
  release: 'digest of a release, or a unique prefix',
  before: 'target, release or commit',
  after: 'target, release or commit',
  run: 'ID of a run, or "last"',
  node: 'ID of a node: <kind>/<name>/<step>',
  file: 'path of a terraform.tfstate',
};

const NAME = 'atmos-deployment';

/** An example or several of each verb, without the name of the program. */
const EXAMPLES: Readonly<Record<string, readonly string[]>> = {
  list: ['list'],
  describe: ['describe payment-service --target dev', 'describe payment-service --target dev --component terraform/database --provenance'],
  validate: ['validate', 'validate payment-service --sarif'],
  graph: ['graph payment-service --target dev', 'graph payment-service --as mermaid'],
  build: ['build payment-service --target dev'],
  test: ['test payment-service --target dev --component terraform/database'],
  plan: ['plan payment-service --target dev', 'plan payment-service --target prod --promote-from staging --out plan.json'],
  release: ['release payment-service --target dev', 'release show 4f1c0b7a9d2e', 'release export 4f1c0b7a9d2e ./exported'],
  rollout: [
    'rollout payment-service --target dev',
    'rollout payment-service --target prod --promote-from staging',
    'rollout payment-service --target prod --release 4f1c0b7a9d2e',
  ],
  verify: ['verify payment-service --target prod'],
  destroy: ['destroy payment-service --target dev --yes', 'destroy payment-service --target dev --component terraform/database'],
  reproduce: ['reproduce 4f1c0b7a9d2e'],
  'images list': ['images list payment-service'],
  'images verify': ['images verify payment-service'],
  'images build': ['images build payment-service'],
  'images pull': ['images pull payment-service --update'],
  doctor: ['doctor'],
  logs: ['logs', 'logs last', 'logs last terraform/database/plan'],
  explain: ['explain terraform/database/plan'],
  'cache stats': ['cache stats'],
  'cache verify': ['cache verify'],
  'cache prune': ['cache prune --older-than 30d', 'cache prune --max-size 10GB'],
  status: ['status', 'status payment-service'],
  history: ['history payment-service --target prod --limit 5'],
  diff: ['diff payment-service staging prod', 'diff payment-service HEAD~1 HEAD --target prod'],
  releases: ['releases payment-service'],
  approve: ['approve payment-service --target prod --release 4f1c0b7a9d2e', 'approve payment-service --target prod --operation destroy'],
  'tracking push': ['tracking push'],
  'state push': ['state push payment-service terraform/database --target prod'],
  'state discard': ['state discard payment-service terraform/database --target prod --yes'],
  'state forget': ['state forget payment-service terraform/database --target prod --yes'],
  'state import': ['state import payment-service terraform/database ./terraform.tfstate --target prod'],
  unlock: ['unlock payment-service --target prod --force', 'unlock payment-service --target prod --state terraform/database --force'],
};

/** Gives the help of all verbs what a run needs none of: what arguments are, examples; and no defaults of flags that are off. */
export function explain(command: Command, path: readonly string[] = []): void {
  command.configureHelp({ optionDescription });
  for (const argument of command.registeredArguments) argument.description ||= ARGUMENTS[argument.name()] ?? '';
  const examples = EXAMPLES[path.join(' ')] ?? [];
  if (examples.length > 0)
    command.addHelpText(
      'after',
      `\n${examples.length === 1 ? 'Example' : 'Examples'}:\n${examples.map((one) => `  ${NAME} ${one}`).join('\n')}`,
    );
  for (const one of command.commands) explain(one, [...path, one.name()]);
}

function optionDescription({ description, argChoices, defaultValue, long, mandatory }: Option): string {
  if (description === '' && long === '--target')
    return mandatory ? 'the target' : 'the target (default: the only one, or context.default_target of the deployment file)';
  const more = [
    ...(argChoices === undefined ? [] : [`choices: ${argChoices.join(', ')}`]),
    ...(defaultValue === undefined || typeof defaultValue === 'boolean' ? [] : [`default: ${defaultValue}`]),
  ];
  return more.length === 0 ? description : `${description} (${more.join('; ')})`;
}
