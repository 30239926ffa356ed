import { describe, expect, test } from 'vitest';
import { isSamePlace, statePlace } from '../../config/index.ts';
import { reservedVariable } from '../../config/terraform/env.ts';
import type { JsonObject } from '../../engine/index.ts';

interface Said {
  readonly workspace?: string;
  readonly env?: JsonObject;
  readonly secrets?: Readonly<Record<string, string | undefined>>;
  readonly owner?: string;
}

function place(
  type: string,
  backend: JsonObject,
  { workspace = 'dev', env = {}, secrets = {}, owner = 'app/dev' }: Said = {},
): string | undefined {
  return statePlace({ type, backend, workspace, env, secrets, owner: () => owner });
}

describe('where a state lies', () => {
  test('is one for the two backends of a service', () => {
    const backend = { organization: 'o', workspaces: { name: 'w' } };
    expect(place('remote', backend)).toBe(place('cloud', backend));
  });

  test.each<[string, JsonObject, Said, JsonObject, Said]>([
    ['s3', { bucket: 'b', key: 'k', encrypt: true, role_arn: 'x', region: 'r' }, {}, { bucket: 'b', key: 'k' }, {}],
    [
      's3',
      { bucket: 'b', key: 'k', workspace_key_prefix: 'p' },
      { workspace: 'w' },
      { bucket: 'b', key: 'p/w/k' },
      { workspace: 'default' },
    ],
    ['s3', { bucket: 'b', key: 'k', endpoints: { s3: 'http://h/' } }, {}, { bucket: 'b', key: 'k', endpoint: 'http://h' }, {}],
    [
      's3',
      { bucket: 'b', key: 'k', endpoints: { s3: 'http://h' } },
      {},
      { bucket: 'b', key: 'k' },
      { env: { AWS_ENDPOINT_URL_S3: 'http://h' } },
    ],
    ['gcs', { bucket: 'b', prefix: 'p/' }, {}, { bucket: 'b', prefix: 'p', credentials: 'c' }, {}],
    ['http', { address: 'http://H:80/x', retry_max: 3 }, { workspace: 'a' }, { address: 'http://h/x' }, { workspace: 'b' }],
    ['http', { address: 'http://u:p@h/x' }, {}, {}, { env: { TF_HTTP_ADDRESS: 'http://h/x' } }],
    ['http', {}, { secrets: { TF_HTTP_ADDRESS: undefined } }, {}, { secrets: { TF_HTTP_ADDRESS: undefined } }],
    [
      'http',
      {},
      { secrets: { TF_HTTP_ADDRESS: 'http://h/x' } },
      {},
      { secrets: { TF_HTTP_ADDRESS: 'http://me@h:80/x' }, owner: 'app/prod' },
    ],
    ['pg', {}, { secrets: { PG_CONN_STR: 'postgres://a:b@h/x' } }, {}, { secrets: { PG_CONN_STR: 'postgres://c:d@h/x' } }],
    ['pg', { conn_str: 'postgres://u:p@db/x' }, {}, { conn_str: 'host=db dbname=x user=other', schema_name: 'terraform_remote_state' }, {}],
    ['pg', { conn_str: 'postgres://db/x' }, {}, {}, { env: { PGHOST: 'db', PGDATABASE: 'x', PGPORT: 5432 } }],
    [
      'azurerm',
      { storage_account_name: 'A', container_name: 'c', key: 'k' },
      {},
      { storage_account_name: 'a', container_name: 'c', key: 'k', use_oidc: true },
      {},
    ],
    ['kubernetes', { secret_suffix: 's' }, {}, { secret_suffix: 's', namespace: 'default' }, {}],
    [
      'cloud',
      { organization: 'o', workspaces: { name: 'w' } },
      { workspace: 'a' },
      { organization: 'o', workspaces: [{ name: 'w' }] },
      { workspace: 'b' },
    ],
    [
      'remote',
      { organization: 'o', workspaces: { prefix: 'p-' } },
      { workspace: 'a' },
      { organization: 'o', workspaces: { name: 'p-a' } },
      {},
    ],
    ['consul', { path: 'p', address: 'x:8500', scheme: 'https' }, {}, { path: 'p', address: 'https://x:8500' }, {}],
    ['consul', { path: 'p', address: 'x:8500' }, { env: { CONSUL_HTTP_SSL: 'true' } }, { path: 'p', address: 'https://x:8500' }, {}],
    ['s3', { bucket: 'b', key: 'k', endpoints: { s3: 'https://s3.us-east-1.amazonaws.com' } }, {}, { bucket: 'b', key: 'k' }, {}],
    ['http', { address: 'http://h/x-y' }, {}, { address: 'http://h./%78%2dy/' }, {}],
    ['consul', { path: 'p' }, {}, { path: 'p', address: '127.0.0.1:8500', access_token: 't' }, {}],
    ['other', { a: 1, b: 2 }, {}, { b: 2, a: 1 }, {}],
  ])('is the same in %s: %j %j and %j %j', (type, one, saidOne, other, saidOther) => {
    expect(place(type, one, saidOne)).toBe(place(type, other, saidOther));
  });

  test.each<[string, JsonObject, Said, JsonObject, Said]>([
    ['s3', { bucket: 'b', key: 'k' }, { workspace: 'a' }, { bucket: 'b', key: 'k' }, { workspace: 'b' }],
    ['s3', { bucket: 'b', key: 'k' }, {}, { bucket: 'b', key: 'k', endpoint: 'http://h' }, {}],
    ['s3', { bucket: 'b', key: 'k', workspace_key_prefix: 'p' }, {}, { bucket: 'b', key: 'k', workspace_key_prefix: 'q' }, {}],
    ['http', { address: 'http://h/x' }, {}, { address: 'http://h/y' }, {}],
    ['http', { address: 'http://h/x?a=1' }, {}, { address: 'http://h/x?a=2' }, {}],
    ['http', {}, { env: { TF_HTTP_ADDRESS: 'http://h/x' } }, {}, { env: { TF_HTTP_ADDRESS: 'http://h/y' } }],
    ['http', {}, { secrets: { TF_HTTP_ADDRESS: undefined } }, {}, { secrets: { TF_HTTP_ADDRESS: undefined }, owner: 'app/prod' }],
    ['http', {}, { secrets: { TF_HTTP_ADDRESS: 'http://h/x' } }, {}, { secrets: { TF_HTTP_ADDRESS: 'http://h/y' } }],
    ['pg', { conn_str: 'postgres://db/x' }, {}, { conn_str: 'postgres://db/y' }, {}],
    ['pg', { conn_str: 'postgres://db/x' }, {}, { conn_str: 'postgres://db/x' }, { env: { PG_SCHEMA_NAME: 's' } }],
    [
      'azurerm',
      { storage_account_name: 'a', container_name: 'c', key: 'k' },
      { workspace: 'default' },
      { storage_account_name: 'a', container_name: 'c', key: 'k' },
      {},
    ],
    ['kubernetes', { secret_suffix: 's' }, {}, { secret_suffix: 's', namespace: 'n' }, {}],
    ['other', { a: 1 }, {}, { a: 1 }, { workspace: 'b' }],
  ])('is another one in %s: %j %j and %j %j', (type, one, saidOne, other, saidOther) => {
    expect(place(type, one, saidOne)).not.toBe(place(type, other, saidOther));
  });

  test('is named without what opens it', () => {
    expect(place('http', { address: 'https://me:hidden@h/x', password: 'hidden' })).toBe('http https://h/x');
    expect(place('pg', { conn_str: 'postgres://me:hidden@db:5433/x?password=hidden' })).toBe('pg db:5433/x terraform_remote_state dev');
    expect(place('s3', { bucket: 'b', key: 'k', secret_key: 'hidden' })).toBe('s3 b/env:/dev/k');
    expect(place('other', { token: 'hidden' })).not.toContain('hidden');
  });

  test('that two secrets name is known only where both are', () => {
    const secrets = { PGHOST: 'db', PGDATABASE: undefined };
    expect(place('pg', {}, { secrets })).toBe('pg <secret PGDATABASE of app/dev>');
  });

  test('that a secret names is not told, but whether it is another one', () => {
    const told = place('http', {}, { secrets: { TF_HTTP_ADDRESS: 'http://hidden/x' } });
    expect(told).toMatch(/^http <secret TF_HTTP_ADDRESS> [0-9a-f]{32}$/);
    expect(place('http', {}, { secrets: { TF_HTTP_ADDRESS: undefined } })).toBe('http <secret TF_HTTP_ADDRESS of app/dev>');
  });

  test('is told of no local state: these lie apart by themselves', () => {
    expect([place('local', { path: 'x' }), place('', {})]).toEqual([undefined, undefined]);
  });
});

test.each([
  ['TF_WORKSPACE', 'w'],
  ['TF_DATA_DIR', '/x'],
  ['TF_CLI_ARGS', '-state=x'],
  ['TF_CLI_ARGS_init', '-backend-config=key=x'],
  ['TF_CLI_ARGS_apply', '-parallelism=3 -target=a'],
  ['TF_CLI_ARGS_plan', { output: 'x' }],
])('what decides over a state is not to be set by a variable: %s %j', (name, value) => {
  expect(reservedVariable(name, value)).toBeDefined();
});

test.each([
  ['TF_CLI_ARGS_plan', '-parallelism=30 -compact-warnings'],
  ['TF_VAR_name', 'x'],
  ['TF_LOG', 'debug'],
  ['AWS_PROFILE', 'x'],
])('other variables of Terraform may be set: %s', (name, value) => {
  expect(reservedVariable(name, value)).toBeUndefined();
});

test('a place that a secret names is the same as one that is written out, or that another secret names', () => {
  const plain = place('http', { address: 'http://h/x' }) ?? '';
  const said = (variable: string, value: string) => place('http', {}, { secrets: { [variable]: value } }) ?? '';
  const secret = said('TF_HTTP_ADDRESS', 'http://h/x');
  const pg = (env: string) => place('pg', {}, { secrets: { [env]: 'postgres://h/d' } }) ?? '';
  expect(secret).not.toContain('http://h');
  expect([isSamePlace(plain, secret), isSamePlace(secret, plain), isSamePlace(secret, secret)]).toEqual([true, true, true]);
  expect(isSamePlace(plain, said('TF_HTTP_ADDRESS', 'http://h/y'))).toBe(false);
  expect(isSamePlace(pg('PG_CONN_STR'), place('pg', { conn_str: 'host=h dbname=d' }) ?? '')).toBe(true);
  expect(isSamePlace(plain, place('http', { address: 'http://h/y' }) ?? '')).toBe(false);
});
