import { AtmosError } from '../engine/index.ts';
import type { Release } from '../releases/index.ts';

/** The values of the secrets that releases declare; where two take one from different variables, the first one counts. @throws AtmosError `missing-secret` */
export function secretValues(releases: readonly Release[]): Readonly<Record<string, string>> {
  const values: Record<string, string> = {};
  for (const { config } of releases) {
    for (const [name, { env }] of Object.entries(config.secrets)) {
      if (values[name] !== undefined) continue;
      const value = process.env[env];
      if (value === undefined) throw missing(name, env, config.target);
      values[name] = value;
    }
  }
  return values;
}

function missing(name: string, env: string, target: string): AtmosError {
  return new AtmosError(`secret ${name} of target ${target} comes from the variable ${env}, which is not set`, {
    kind: 'environment',
    code: 'missing-secret',
    hint: `set it: export ${env}=…`,
  });
}
