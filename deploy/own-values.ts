import posix from 'node:path/posix';
import { type ConfigFiles, hclParser } from '../config/index.ts';
import { AtmosError, isObject, type SecretRef } from '../engine/index.ts';

/** Files that Terraform reads variables from by itself; they count more than what is in the environment. */
const OWN_VALUES = /^(?:terraform\.tfvars|.*\.auto\.tfvars)(?:\.json)?$/;

/** A value of the module's own would count more than the secret that the stacks give. @throws AtmosError `secret-overridden` */
export async function refuseOverridden(files: ConfigFiles, dir: string, component: string, secrets: readonly SecretRef[]): Promise<void> {
  const variables = secrets.flatMap(({ name }) => (name.startsWith('TF_VAR_') ? [name.slice('TF_VAR_'.length)] : []));
  if (variables.length === 0) return;
  for (const path of await files.list(dir)) {
    const inDir = posix.relative(dir, path);
    if (!OWN_VALUES.test(inDir)) continue;
    const values = await parsed(path, Buffer.from((await files.read(path)) ?? '').toString('utf8'));
    const found = variables.find((name) => Object.hasOwn(values, name));
    if (found === undefined) continue;
    throw new AtmosError(
      `${inDir} of the module of ${component} sets the variable ${found}, which overrides the secret that the stacks set`,
      {
        kind: 'invalid',
        code: 'secret-overridden',
        hint: `remove ${found} from ${inDir}`,
      },
    );
  }
}

/** What does not hold, Terraform itself tells. */
async function parsed(path: string, text: string): Promise<object> {
  try {
    const values: unknown = path.endsWith('.json') ? JSON.parse(text) : await (await hclParser(path))(text);
    return isObject(values) ? values : {};
  } catch {
    return {};
  }
}
