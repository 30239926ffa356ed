import type { Credentials } from './credentials.ts';
import { RegistryError } from './errors.ts';

/** What a registry answered to somebody it does not know. */
export interface Challenge {
  /** `WWW-Authenticate`. */
  readonly header: string;
  readonly repository: string;
  /** `pull` or `pull,push`. */
  readonly actions: string;
}

/**
 * The `Authorization` that a challenge asks for: the credentials themselves, or a token of the server that it names (distribution's token and OAuth2
 * protocols). `undefined` where it needs credentials and there are none.
 */
export async function authorize(
  challenge: Challenge,
  credentials: Credentials | undefined,
  signal: AbortSignal,
): Promise<string | undefined> {
  const [, scheme = '', rest = ''] = /^(\w+)\s*(.*)$/.exec(challenge.header) ?? [];
  if (scheme.toLowerCase() === 'basic') return credentials === undefined ? undefined : basic(credentials);
  if (scheme.toLowerCase() !== 'bearer') throw new RegistryError('denied', `unsupported authentication scheme "${scheme}"`);
  const parameters = Object.fromEntries([...rest.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value ?? '']));
  const { realm, service = '' } = parameters as { realm?: string; service?: string };
  if (realm === undefined) throw new RegistryError('denied', 'the registry returned no token URL (realm)');
  const scope = `repository:${challenge.repository}:${challenge.actions}`;
  const response = await askForToken(realm, service, scope, credentials, signal);
  if (response.status === 401 || response.status === 403) {
    await response.body?.cancel();
    if (credentials === undefined) return undefined;
    throw new RegistryError('denied', `${new URL(realm).host} does not accept the credentials of Docker's configuration`);
  }
  if (!response.ok) throw new RegistryError('refused', `${new URL(realm).host} answers ${response.status} to a request for a token`);
  const { token, access_token: access } = (await response.json()) as { token?: string; access_token?: string };
  const found = token ?? access;
  if (found === undefined) throw new RegistryError('refused', `${new URL(realm).host} returned no token`);
  return `Bearer ${found}`;
}

function askForToken(
  realm: string,
  service: string,
  scope: string,
  credentials: Credentials | undefined,
  signal: AbortSignal,
): Promise<Response> {
  if (credentials?.username === '<token>') {
    const form = { grant_type: 'refresh_token', refresh_token: credentials.password, service, scope, client_id: 'atmos-deployment' };
    return fetch(realm, { method: 'POST', body: new URLSearchParams(form), signal });
  }
  const url = new URL(realm);
  url.searchParams.set('service', service);
  url.searchParams.set('scope', scope);
  return fetch(url, { headers: credentials === undefined ? {} : { authorization: basic(credentials) }, signal });
}

function basic({ username, password }: Credentials): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}
