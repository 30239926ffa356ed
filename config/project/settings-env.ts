import { AtmosError } from '../../engine/index.ts';

/** The environment, as far as it decides settings. */
export type SettingsEnv = Readonly<Record<string, string | undefined>>;

/** Variables that Atmos reads in place of a setting, by its keys: those that decide names and paths. */
const VARIABLES: Readonly<Record<string, string>> = {
  base_path: 'ATMOS_BASE_PATH',
  'stacks.base_path': 'ATMOS_STACKS_BASE_PATH',
  'stacks.name_pattern': 'ATMOS_STACKS_NAME_PATTERN',
  'stacks.name_template': 'ATMOS_STACKS_NAME_TEMPLATE',
  'components.terraform.base_path': 'ATMOS_COMPONENTS_TERRAFORM_BASE_PATH',
  'components.terraform.command': 'ATMOS_COMPONENTS_TERRAFORM_COMMAND',
  'components.helmfile.base_path': 'ATMOS_COMPONENTS_HELMFILE_BASE_PATH',
  'components.helmfile.command': 'ATMOS_COMPONENTS_HELMFILE_COMMAND',
  'components.packer.base_path': 'ATMOS_COMPONENTS_PACKER_BASE_PATH',
  'components.packer.command': 'ATMOS_COMPONENTS_PACKER_COMMAND',
  'schemas.jsonschema.base_path': 'ATMOS_SCHEMAS_JSONSCHEMA_BASE_PATH',
  'schemas.opa.base_path': 'ATMOS_SCHEMAS_OPA_BASE_PATH',
  'settings.list_merge_strategy': 'ATMOS_SETTINGS_LIST_MERGE_STRATEGY',
};

/** What a variable says in place of a setting; nothing where it is empty. @throws AtmosError `wrong-value` for a path elsewhere on this machine */
export function settingIn(env: SettingsEnv, keys: readonly string[]): string | undefined {
  const variable = VARIABLES[keys.join('.')];
  const value = variable === undefined ? undefined : env[variable];
  if (value === undefined || value === '') return undefined;
  if (variable?.endsWith('_PATH') === true && value.startsWith('/')) {
    throw new AtmosError(`${variable} is ${value}, which is not in the repository`, {
      kind: 'invalid',
      code: 'wrong-value',
      hint: `set it to a path in the repository, or do without it: unset ${variable}`,
    });
  }
  return value;
}

/** The profiles that `ATMOS_PROFILE` names, in order. */
export function profilesIn({ ATMOS_PROFILE: named = '' }: SettingsEnv): readonly string[] {
  return named.split(',').flatMap((name) => (name.trim() === '' ? [] : [name.trim()]));
}

/** The same environment with absolute paths below a directory made relative to it. */
export function relativeTo(root: string, env: SettingsEnv): SettingsEnv {
  const paths = Object.values(VARIABLES).filter((name) => name.endsWith('_PATH'));
  return new Proxy(env, {
    get(all, name: string) {
      const value = all[name];
      if (value === undefined || !paths.includes(name)) return value;
      return value === root ? '.' : value.startsWith(`${root}/`) ? value.slice(root.length + 1) : value;
    },
  });
}
