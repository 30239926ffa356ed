import { type ConfigFiles, ownValues } from '../../config/index.ts';
import { AtmosError, type SecretRef } from '../../engine/index.ts';

/** A value of the module's own would count more than the secret that the stacks give. @throws AtmosError `secret-overridden` */
export async function refuseOverridden(files: ConfigFiles, dir: string, component: string, secrets: readonly SecretRef[]): Promise<void> {
  const variables = secrets.flatMap(({ name }) => (name.startsWith('TF_VAR_') ? [name.slice('TF_VAR_'.length)] : []));
  if (variables.length === 0) return;
  const own = await ownValues(files, dir);
  for (const variable of variables) {
    const file = own.get(variable);
    if (file === undefined) continue;
    throw new AtmosError(
      `${file} of the module of ${component} sets the variable ${variable}, which overrides the secret that the stacks set`,
      {
        kind: 'invalid',
        code: 'secret-overridden',
        hint: `remove ${variable} from ${file}`,
      },
    );
  }
}
