import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type Docker from 'dockerode';
import { AtmosError, isMissing, isObject } from '../../engine/index.ts';
import type { EngineName } from '../system/engines.ts';

/** Where an engine is. */
export interface Address {
  /** `unix://`, `tcp://` or `ssh://`. */
  readonly url: string;
  /** How its client is made; not for `ssh://`. `undefined`: by Docker's own variables, which Docker's client reads. */
  readonly options: Docker.DockerOptions | undefined;
}

const NOTHING = { host: undefined, port: undefined, ca: undefined, cert: undefined, key: undefined } as const;

/** For a socket, whatever Docker's variables say, which Docker's client reads all the same. */
export function socketOptions(socketPath: string): Docker.DockerOptions {
  return { ...NOTHING, protocol: 'http', socketPath };
}

/**
 * The engine that is meant, by the rules of the engines' own clients: Docker's is named by `DOCKER_HOST`, `DOCKER_CONTEXT` or the current context
 * (`docker context use`), Podman's by `CONTAINER_HOST`; else it is the local one.
 * @throws AtmosError `no-engine` for a context that is not there
 */
export function addressOf(kind: EngineName): Address {
  if (kind === 'podman') {
    const url = process.env.CONTAINER_HOST || `unix://${podmanSocket()}`;
    return { url, options: optionsOf(url) };
  }
  const { DOCKER_HOST } = process.env;
  if (DOCKER_HOST) return { url: DOCKER_HOST, options: undefined };
  const config = process.env.DOCKER_CONFIG || join(homedir(), '.docker');
  const context = process.env.DOCKER_CONTEXT || currentContext(config);
  if (context === undefined || context === 'default') return { url: 'unix:///var/run/docker.sock', options: undefined };
  return addressIn(config, context);
}

function podmanSocket(): string {
  const users = join(process.env.XDG_RUNTIME_DIR ?? `/run/user/${process.getuid?.()}`, 'podman/podman.sock');
  return existsSync(users) ? users : '/run/podman/podman.sock';
}

function optionsOf(url: string, tls: Pick<Docker.DockerOptions, 'ca' | 'cert' | 'key'> = {}): Docker.DockerOptions | undefined {
  const { protocol, pathname, hostname, port } = new URL(url);
  if (protocol === 'ssh:') return undefined;
  if (protocol === 'unix:') return socketOptions(decodeURIComponent(pathname));
  if (protocol === 'tcp:') return { ...NOTHING, ...tls, protocol: tls.key === undefined ? 'http' : 'https', host: hostname, port };
  throw new AtmosError(`a container engine at ${url} can't be reached`, {
    kind: 'environment',
    code: 'no-engine',
    hint: 'name it by unix://, tcp:// or ssh://',
  });
}

function currentContext(config: string): string | undefined {
  const { currentContext: name } = readJson(join(config, 'config.json'));
  return typeof name === 'string' && name !== '' ? name : undefined;
}

/** What a context of Docker's client says of its engine: `contexts/meta/<SHA-256 of its name>`, with what TLS takes beside it. */
function addressIn(config: string, context: string): Address {
  const name = createHash('sha256').update(context).digest('hex');
  const { Endpoints } = readJson(join(config, 'contexts/meta', name, 'meta.json'));
  const endpoint = isObject(Endpoints) && isObject(Endpoints.docker) ? Endpoints.docker : {};
  if (typeof endpoint.Host !== 'string') {
    throw new AtmosError(`Docker context "${context}" has no endpoint`, {
      kind: 'environment',
      code: 'no-engine',
      hint: 'list contexts: docker context ls   switch: docker context use default',
    });
  }
  const file = (of: string): string | undefined => read(join(config, 'contexts/tls', name, 'docker', `${of}.pem`));
  return { url: endpoint.Host, options: optionsOf(endpoint.Host, { ca: file('ca'), cert: file('cert'), key: file('key') }) };
}

function readJson(path: string): { readonly [key: string]: unknown } {
  const text = read(path);
  if (text === undefined) return {};
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : {};
  } catch (cause) {
    throw new AtmosError(`${path} is not JSON`, { kind: 'environment', code: 'no-engine', hint: 'fix it and rerun', cause });
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
