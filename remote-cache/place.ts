import { createHmac } from 'node:crypto';
import { AtmosError } from '../engine/index.ts';
import { parseReference, type Reference, RegistryError } from '../oci/index.ts';

/** Where a remote cache is. @throws AtmosError `remote-cache` */
export function placeOf(url: string): Reference {
  const [, place] = /^oci:\/\/(.+)$/.exec(url) ?? [];
  try {
    if (place !== undefined) return parseReference(place);
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
  }
  throw new AtmosError(`invalid remote cache URL "${url}"`, {
    kind: 'invalid',
    code: 'remote-cache',
    hint: 'write it as deployments.engine.cache.remote: oci://registry.example.com/repository',
  });
}

/** The key that results are signed with; `undefined` where they are not. @throws AtmosError `remote-cache` where it is not set */
export function secretOf(name: string | undefined): string | undefined {
  if (name === undefined) return undefined;
  const secret = process.env[name];
  if (secret !== undefined && secret !== '') return secret;
  throw new AtmosError(`deployments.engine.cache.signing_key names ${name}, which is not set`, {
    kind: 'environment',
    code: 'remote-cache',
    hint: `set it: export ${name}=…; or run without: deployments.engine.cache.remote in atmos.yaml`,
  });
}

/** HMAC-SHA256 (RFC 2104) of the result and its key: whoever can write to the registry can't pass one result off as another. */
export function signature(secret: string, config: Uint8Array): string {
  return createHmac('sha256', secret).update(config).digest('hex');
}
