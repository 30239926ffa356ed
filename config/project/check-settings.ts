import { asOne } from '../../engine/index.ts';
import { errorAt, type Located, type LocatedMap, mapOf, member } from '../../yaml/index.ts';
import { misspelt, suggestion } from '../model/nearest.ts';

/** Keys of a map, with those of the maps below; what may have any keys, or is no map, is `true`. */
interface Shape {
  readonly [key: string]: Shape | true;
}

/** `deployments` of `atmos.yaml`, which is ours alone. */
const DEPLOYMENTS: Shape = {
  base_path: true,
  engine: {
    runtime: true,
    parallelism: true,
    pools: true,
    isolation: true,
    cache: { dir: true, remote: true, mode: true, signing_key: true },
  },
  images: true,
  providers: { mirror: true },
  tracking: { remote: true, push: true, policy_ref: true },
  functions: { exec: true },
  kinds: true,
};

/** What is Atmos's own, as far as it counts here: by the path of a section, the keys that it may have there. */
const ATMOS: Readonly<Record<string, readonly string[]>> = {
  '': [
    ...[
      'base_path',
      'edition',
      'cast',
      'components',
      'stacks',
      'import',
      'workflows',
      'logs',
      'diagnostics',
      'errors',
      'commands',
      'aliases',
    ],
    ...[
      'integrations',
      'schemas',
      'templates',
      'settings',
      'describe',
      'stores',
      'secrets',
      'vendor',
      'version',
      'validate',
      'docs',
      'auth',
    ],
    ...[
      'env',
      'container',
      'compositions',
      'profiler',
      'toolchain',
      'git',
      'devcontainer',
      'profiles',
      'metadata',
      'list',
      'ci',
      'ai',
      'aws',
    ],
    ...[
      'mcp',
      'lsp',
      'recording',
      'deployments',
      'help',
      'telemetry',
      'provision',
      'source',
      'generators',
      'scaffold',
      'hooks',
      'emulators',
    ],
  ],
  stacks: ['base_path', 'included_paths', 'excluded_paths', 'name_pattern', 'name_template', 'inherit'],
  components: ['terraform', 'helmfile', 'helm', 'packer', 'ansible', 'kubernetes', 'nixpack', 'lambda', 'list'],
  'components.terraform': [
    ...['base_path', 'command', 'workspaces_enabled', 'apply_auto_approve', 'append_user_agent', 'deploy_run_init', 'init_run_reconfigure'],
    ...[
      'auto_generate_backend_file',
      'auto_generate_files',
      'init',
      'plan',
      'apply',
      'shell',
      'workspace',
      'plugin_cache',
      'plugin_cache_dir',
    ],
  ],
  templates: ['settings'],
  'templates.settings': ['enabled', 'env', 'sprig', 'gomplate', 'delimiters', 'evaluations', 'ignore_missing_template_values'],
};

/** Those of the whole file that count here. */
const COUNTING = [
  'base_path',
  'components',
  'stacks',
  'import',
  'schemas',
  'templates',
  'settings',
  'stores',
  'env',
  'profiles',
  'deployments',
];

/**
 * Refuses keys that would be passed over: a setting that is misspelt would not count. In what is Atmos's own only one that differs by one letter from a key
 * that is known is taken for that.
 * @throws AtmosError `unknown-key`, `wrong-type`
 */
export function checkSettings(document: LocatedMap | undefined): void {
  const own = Object.entries(ATMOS).flatMap(([path, known]) => {
    const keys = path === '' ? [] : path.split('.');
    const section = keys.reduce<Located | undefined>(member, document);
    if (section?.kind !== 'map') return [];
    return [...section.entries].flatMap(([key, { keyAt }]) => {
      const meant = misspelt(key, known);
      const where = path === '' ? 'atmos.yaml' : `"${path}"`;
      return meant === undefined || (path === '' && !COUNTING.includes(meant))
        ? []
        : [errorAt(keyAt, `there is no "${key}" in ${where}`, { code: 'unknown-key', hint: `did you mean "${meant}"?` })];
    });
  });
  const errors = asOne([...own, ...unknownIn(member(document, 'deployments'), DEPLOYMENTS, 'deployments')]);
  if (errors !== undefined) throw errors;
}

function unknownIn(value: Located | undefined, shape: Shape, path: string): ReturnType<typeof errorAt>[] {
  const entries = mapOf(value, `"${path}"`)?.entries ?? [];
  return [...entries].flatMap(([key, { value: below, keyAt }]) => {
    const known = Object.hasOwn(shape, key) ? shape[key] : undefined;
    if (known === undefined) {
      const hint = suggestion(key, Object.keys(shape), 'keys here');
      return [errorAt(keyAt, `unknown key "${key}" in "${path}"`, { code: 'unknown-key', hint })];
    }
    return known === true ? [] : unknownIn(below, known, `${path}.${key}`);
  });
}
