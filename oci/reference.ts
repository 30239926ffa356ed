import { RegistryError } from './errors.ts';

/** Where an image is: `registry.example.com/team/app:1.2@sha256:…`. */
export interface Reference {
  /** Host and port. */
  readonly registry: string;
  readonly repository: string;
  /** `latest` where nothing else is said. */
  readonly tag: string;
  readonly digest: string | undefined;
}

/** Docker Hub answers under another name than its images have. */
const HUB = 'docker.io';

const HOST = /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9a-f:]+\])(?::\d{1,5})?$/;
const REPOSITORY = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*$/;

/**
 * Reads a reference as Docker does: a first part that is no host name belongs to the repository, which is then on Docker Hub.
 * @throws RegistryError `invalid-reference` (distribution-spec v1.1, "Pulling manifests")
 */
export function parseReference(text: string): Reference {
  const [name = '', digest, ...more] = text.split('@');
  const slash = name.indexOf('/');
  const first = slash === -1 ? '' : name.slice(0, slash);
  const hasHost = /[.:]/.test(first) || first === 'localhost';
  const rest = hasHost ? name.slice(slash + 1) : name;
  const colon = rest.lastIndexOf(':');
  const path = colon === -1 ? rest : rest.slice(0, colon);
  const tag = colon === -1 ? 'latest' : rest.slice(colon + 1);
  const registry = hasHost ? first : HUB;
  const repository = registry === HUB && !path.includes('/') ? `library/${path}` : path;
  const isValid =
    HOST.test(registry) &&
    REPOSITORY.test(repository) &&
    /^\w[\w.-]{0,127}$/.test(tag) &&
    (digest === undefined || /^sha256:[0-9a-f]{64}$/.test(digest)) &&
    more.length === 0;
  if (!isValid) throw new RegistryError('invalid-reference', `invalid image reference "${text}"`);
  return { registry, repository, tag, digest };
}

/** Where a registry answers. Without TLS only on this machine, as Docker has it. */
export function baseUrl(registry: string): string {
  if (registry === HUB) return 'https://registry-1.docker.io';
  const host = registry.replace(/:\d+$/, '');
  const isHere = host === 'localhost' || host === '[::1]' || /^127\./.test(host);
  return `${isHere ? 'http' : 'https'}://${registry}`;
}

/** The name under which Docker's configuration has a registry's credentials. */
export function configName(registry: string): string {
  return registry === HUB ? 'https://index.docker.io/v1/' : registry;
}
