import { AtmosError } from '../engine/index.ts';
import type { Release } from '../releases/index.ts';

/** The values of the secrets that the target declares. @throws AtmosError `missing-secret` */
export function secretValues({ config }: Release): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(config.secrets).map(([name, { env }]) => {
      const value = process.env[env];
      if (value !== undefined) return [name, value];
      throw new AtmosError(`secret ${name} of target ${config.target} comes from the variable ${env}, which is not set`, {
        kind: 'environment',
        code: 'missing-secret',
        hint: `set it: export ${env}=…`,
      });
    }),
  );
}
