import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { RegistryError } from './errors.ts';
import { configName } from './reference.ts';

/** A user's name and password, or a token that gives others (`username` is then `<token>`). */
export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** The parts of Docker's `config.json` that concern credentials. */
interface DockerConfig {
  readonly auths?: Readonly<Record<string, { readonly auth?: string; readonly identitytoken?: string }>>;
  readonly credHelpers?: Readonly<Record<string, string>>;
  readonly credsStore?: string;
}

/**
 * What Docker's configuration (`$DOCKER_CONFIG`, else `~/.docker`; a variable that is empty is none) has for a registry: from a credential helper, else from the file itself.
 * `undefined` where there is nothing: many registries give to everybody.
 * @throws RegistryError `denied` when a helper fails
 */
export async function credentialsOf(registry: string, env: NodeJS.ProcessEnv = process.env): Promise<Credentials | undefined> {
  const path = join(env.DOCKER_CONFIG || join(env.HOME || homedir(), '.docker'), 'config.json');
  const config = await readConfig(path);
  const name = configName(registry);
  const helper = config.credHelpers?.[registry] ?? config.credHelpers?.[name] ?? config.credsStore;
  if (helper !== undefined && helper !== '') {
    const found = await askHelper(helper, name, env);
    if (found !== undefined) return found;
  }
  const own = config.auths?.[name] ?? config.auths?.[registry] ?? config.auths?.[`https://${registry}`];
  if (own?.identitytoken !== undefined && own.identitytoken !== '') return { username: '<token>', password: own.identitytoken };
  if (own?.auth === undefined || own.auth === '') return undefined;
  const text = Buffer.from(own.auth, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon === -1 ? undefined : { username: text.slice(0, colon), password: text.slice(colon + 1) };
}

async function readConfig(path: string): Promise<DockerConfig> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
  try {
    return JSON.parse(text) as DockerConfig;
  } catch (cause) {
    throw new RegistryError('denied', `${path} is not JSON`, { cause });
  }
}

/** Docker's protocol for credential helpers: the registry on stdin, JSON on stdout. One that knows nothing of it says so and fails. */
function askHelper(helper: string, registry: string, env: NodeJS.ProcessEnv): Promise<Credentials | undefined> {
  return new Promise((resolve, reject) => {
    const command = `docker-credential-${helper}`;
    const child = spawn(command, ['get'], { stdio: ['pipe', 'pipe', 'ignore'], env });
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString('utf8');
    });
    child.on('error', (cause) => reject(new RegistryError('denied', `the credential helper ${command} can't be run`, { cause })));
    child.on('close', (code) => {
      if (code !== 0)
        return /not found/i.test(said) ? resolve(undefined) : reject(new RegistryError('denied', `${command} failed: ${said.trim()}`));
      try {
        const { Username, Secret } = JSON.parse(said) as { Username?: string; Secret?: string };
        resolve(Username === undefined || Secret === undefined ? undefined : { username: Username, password: Secret });
      } catch (cause) {
        reject(new RegistryError('denied', `${command} did not answer with JSON`, { cause }));
      }
    });
    child.stdin.on('error', () => undefined);
    child.stdin.end(registry);
  });
}
