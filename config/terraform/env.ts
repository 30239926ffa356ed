import { isObject, type Json } from '../../engine/index.ts';
import { errorAt, type LocatedMap } from '../../yaml/index.ts';
import { needsOf } from '../deferred/deferred.ts';

/** Variables by which Terraform would work on something else than what is declared, and what says it instead. */
const RESERVED: Readonly<Record<string, string>> = {
  TF_WORKSPACE: 'set metadata.terraform_workspace instead',
  TF_DATA_DIR: 'remove it: each node has a data directory of its own',
  TF_CLI_CONFIG_FILE: 'remove it: it decides where providers are taken from',
  TERRAFORM_CONFIG: 'remove it: it decides where providers are taken from',
  TF_REATTACH_PROVIDERS: 'remove it: providers are those of the lock file',
};
/** What `TF_CLI_ARGS` and its like may add to a command: nothing that decides what it works on, or where its state is. */
const HARMLESS = /^-(?:parallelism=\d+|compact-warnings|no-color|refresh=(?:true|false))$/;

/**
 * Refuses variables in a terraform component's `env` that would lift what is declared elsewhere. `values` are evaluated, as names are; `written` is where
 * they stand.
 * @throws AtmosError `reserved-variable`, `env-name`, `not-supported`
 */
export function checkTerraformEnv(component: string, values: Json | undefined, written: LocatedMap | undefined): void {
  for (const [name, value] of Object.entries(isObject(values) ? values : {})) {
    const place = written?.entries.get(name)?.keyAt ?? written?.at;
    if (name === '' || /[=\0]/.test(name) || (typeof value === 'string' && value.includes('\0'))) {
      throw errorAt(place, `${component}: invalid environment variable ${JSON.stringify(name)}`, {
        code: 'env-name',
      });
    }
    const [read] = needsOf(value as Json);
    if (read !== undefined) {
      throw errorAt(place, `${component}: env can't read output "${read.field}" of ${read.component}; only vars can`, {
        code: 'not-supported',
        hint: 'read it into vars',
      });
    }
    const instead = reservedVariable(name, value);
    if (instead === undefined) continue;
    throw errorAt(place, `${component}: "${name}" can't be set by env`, { code: 'reserved-variable', hint: instead });
  }
}

/** What to do instead of setting a variable; `undefined` where it may be set to this value. */
export function reservedVariable(name: string, value: unknown): string | undefined {
  const instead = RESERVED[name];
  if (instead !== undefined) return instead;
  if (name !== 'TF_CLI_ARGS' && !name.startsWith('TF_CLI_ARGS_')) return undefined;
  const words = typeof value === 'string' ? value.split(/\s+/).filter((word) => word !== '') : [''];
  return words.every((word) => HARMLESS.test(word))
    ? undefined
    : 'only -parallelism=N, -compact-warnings, -no-color and -refresh=… are allowed';
}
