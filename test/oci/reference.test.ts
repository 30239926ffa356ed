import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { credentialsOf, parseReference } from '../../oci/index.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;

test.each([
  ['terraform', { registry: 'docker.io', repository: 'library/terraform', tag: 'latest' }],
  ['hashicorp/terraform:1.11.4', { registry: 'docker.io', repository: 'hashicorp/terraform', tag: '1.11.4' }],
  ['localhost/app', { registry: 'localhost', repository: 'app', tag: 'latest' }],
  ['localhost:5000/a/b/c:v1', { registry: 'localhost:5000', repository: 'a/b/c', tag: 'v1' }],
  [`ghcr.io/acme/app:2@${DIGEST}`, { registry: 'ghcr.io', repository: 'acme/app', tag: '2', digest: DIGEST }],
])('a reference is read as Docker reads it: %s', (text, expected) => {
  expect(parseReference(text)).toMatchObject(expected);
});

test.each(['', 'UPPER/case', 'a b', 'app@sha256:short', 'app:-x', 'ghcr.io/', `app@${DIGEST}@${DIGEST}`, '../app', 'ghcr.io/a//b'])(
  'an invalid reference is refused: "%s"',
  (text) => {
    expect(() => parseReference(text)).toThrow('invalid image reference');
  },
);

function configured(config: unknown): NodeJS.ProcessEnv {
  const dir = mkdtempSync(join(tmpdir(), 'atmos-docker-config-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  writeFileSync(join(dir, 'config.json'), JSON.stringify(config));
  const helper =
    '#!/bin/sh\nread name\ncase $name in *helped*) echo \'{"Username":"ana","Secret":"from-helper"}\';; *) echo "credentials not found"; exit 1;; esac\n';
  writeFileSync(join(dir, 'docker-credential-ours'), helper, { mode: 0o755 });
  return { PATH: `${dir}:${process.env.PATH}`, DOCKER_CONFIG: dir };
}

test('credentials come from Docker’s configuration: a helper first, then the file', async () => {
  const auth = Buffer.from('bob:pass:word').toString('base64');
  const env = configured({
    auths: { 'registry.example.com': { auth }, 'https://index.docker.io/v1/': { identitytoken: 'abc' }, 'helped.example.com': {} },
    credHelpers: { 'helped.example.com': 'ours', 'unknown.example.com': 'ours', 'broken.example.com': 'nowhere' },
  });
  expect(await credentialsOf('registry.example.com', env)).toEqual({ username: 'bob', password: 'pass:word' });
  expect(await credentialsOf('docker.io', env)).toEqual({ username: '<token>', password: 'abc' });
  expect(await credentialsOf('helped.example.com', env)).toEqual({ username: 'ana', password: 'from-helper' });
  expect(await credentialsOf('unknown.example.com', env)).toBeUndefined();
  expect(await credentialsOf('other.example.com', env)).toBeUndefined();
  await expect(credentialsOf('broken.example.com', env)).rejects.toThrow("docker-credential-nowhere can't be run");
  expect(await credentialsOf('registry.example.com', { DOCKER_CONFIG: '/nowhere' })).toBeUndefined();
});
