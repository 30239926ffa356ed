import { asOne } from '../engine/index.ts';
import { suggestion } from './nearest.ts';
import { errorAt, type Located, type LocatedMap, mapOf, member } from './yaml/located.ts';

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
};

/**
 * Refuses keys that would be passed over: a setting that is misspelt would not count.
 * @throws AtmosError `unknown-key`, `wrong-type`
 */
export function checkSettings(document: LocatedMap | undefined): void {
  const errors = asOne(unknownIn(member(document, 'deployments'), DEPLOYMENTS, 'deployments'));
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
