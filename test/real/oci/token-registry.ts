import { execFileSync, spawn } from 'node:child_process';
import { createPrivateKey, sign, X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { connect, createServer as createLine } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';
import { limit } from '../../pace.ts';
import { freePort } from '../e2e/ports.ts';

/** A real registry that takes tokens, the server that gives them out, and a line that can be cut. */
export interface TokenRegistry {
  readonly address: string;
  /** The same, behind the line. */
  readonly line: string;
  /** What tokens were asked for: `repository:one:pull`. */
  readonly asked: readonly string[];
  /** Cuts each of the next connections of the line after so many bytes of the answer. */
  cut(after: readonly number[]): void;
  /** From now on nothing of a blob goes over the line after so many bytes, either way, and nothing ends. */
  stall(after: number): void;
  /** The ranges that were asked for over the line. */
  readonly ranges: readonly string[];
  stop(): void;
}

const USER = 'ana:t0ken-pl4nted-passw0rd';
const [SERVICE, ISSUER] = ['registry', 'issuer'];

/** Distribution's token protocol ("Token Authentication Specification"): a JSON Web Token, signed with a key that the registry trusts. */
export async function startTokenRegistry(): Promise<TokenRegistry> {
  const dir = mkdtempSync(join(tmpdir(), 'atmos-token-registry-'));
  const [key, cert] = [join(dir, 'key.pem'), join(dir, 'cert.pem')];
  const names = ['-subj', '/CN=issuer', '-days', '2', '-keyout', key, '-out', cert];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...names], { stdio: 'ignore' });
  const asked: string[] = [];
  const tokens = tokenServer(readFileSync(key), readFileSync(cert), asked);
  const [tokenPort, port] = [await freePort(), await freePort()];
  await new Promise<void>((resolve) => void tokens.listen(tokenPort, '127.0.0.1', resolve));
  const config = join(dir, 'config.yml');
  const token = `realm: "http://127.0.0.1:${tokenPort}/token", service: ${SERVICE}, issuer: ${ISSUER}, rootcertbundle: ${cert}`;
  writeFileSync(
    config,
    `version: 0.1\nlog: { level: error }\nstorage: { filesystem: { rootdirectory: ${dir}/data } }\nauth: { token: { ${token} } }\nhttp: { addr: "127.0.0.1:${port}", secret: one, relativeurls: true }\n`,
  );
  const registry = spawn('docker-registry', ['serve', config], { stdio: 'ignore' });
  const answers = (): Promise<boolean> =>
    fetch(`http://127.0.0.1:${port}/v2/`).then(
      ({ status }) => status === 401,
      () => false,
    );
  await vi.waitUntil(answers, { timeout: limit(20_000), interval: 100 });
  let cuts: readonly number[] = [];
  let stalls = Number.POSITIVE_INFINITY;
  const ranges: string[] = [];
  const line = createLine((near) => {
    const far = connect(port, '127.0.0.1');
    const end = (): void => {
      near.destroy();
      far.destroy();
    };
    let left = Number.POSITIVE_INFINITY;
    let sent = 0;
    let got = 0;
    near.on('data', (chunk: Buffer) => {
      const text = chunk.toString('latin1');
      const range = /^range: (.*)$/im.exec(text)?.[1]?.trim();
      if (range !== undefined) ranges.push(range);
      if (/^GET \S*\/blobs\//.test(text)) {
        left = cuts[0] ?? Number.POSITIVE_INFINITY;
        cuts = cuts.slice(1);
      }
      sent += chunk.length;
      if (sent < stalls) far.write(chunk);
    });
    far.on('data', (chunk: Buffer) => {
      got += chunk.length;
      if (got > stalls) return;
      near.write(chunk.subarray(0, Math.min(chunk.length, left)));
      left -= chunk.length;
      if (left <= 0) near.end(() => end());
    });
    for (const socket of [near, far]) socket.on('error', end).on('close', end);
  });
  await new Promise<void>((resolve) => void line.listen(0, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${port}`,
    line: `127.0.0.1:${(line.address() as { port: number }).port}`,
    asked,
    ranges,
    cut(after) {
      cuts = after;
    },
    stall(after) {
      stalls = after;
    },
    stop() {
      registry.kill();
      line.close();
      tokens.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function tokenServer(key: Buffer, cert: Buffer, asked: string[]): Server {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const chain = [new X509Certificate(cert).raw.toString('base64')];
  return createServer((request, response) => {
    const { searchParams } = new URL(request.url ?? '/', 'http://x');
    const scope = searchParams.get('scope') ?? '';
    asked.push(scope);
    if (request.headers.authorization !== `Basic ${Buffer.from(USER).toString('base64')}`) {
      response.writeHead(401).end();
      return;
    }
    const [type, name, actions = ''] = scope.split(':');
    const now = Math.floor(Date.now() / 1000);
    const claims = { iss: ISSUER, sub: 'ana', aud: SERVICE, exp: now + 300, nbf: now - 10, iat: now, jti: String(asked.length) };
    const signed = `${part({ typ: 'JWT', alg: 'RS256', x5c: chain })}.${part({ ...claims, access: [{ type, name, actions: actions.split(',') }] })}`;
    const token = `${signed}.${sign('sha256', Buffer.from(signed), createPrivateKey(key)).toString('base64url')}`;
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ token }));
  });
}

export const CREDENTIALS = { username: USER.split(':')[0] ?? '', password: USER.split(':')[1] ?? '' };
