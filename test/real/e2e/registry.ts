import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';
import { limit } from '../../pace.ts';
import { freePort } from './ports.ts';

const PASSWORD = 'registry-pl4nted-passw0rd';
/** What `htpasswd -nbB ana` makes of it: the registry knows no other form. */
const HTPASSWD = 'ana:$2y$05$W9DcnLgRKz44LxPEQ8H5Tu78vIM.Imxr6se1pOxc51CgxuHiUzn5S\n';

/** A real registry of our own, which asks who we are. */
export interface RealRegistry {
  /** Over TLS, on an address of this machine: `10.0.0.5:41234`. */
  readonly secure: string;
  /** The same without TLS, for Docker: `127.0.0.1:41235`. */
  readonly plain: string;
  readonly password: string;
  /** What lets a process in: Docker's configuration and the certificate. */
  readonly env: Readonly<Record<string, string>>;
  /** Builds an image with Docker and pushes it. Returns nothing: what it is, is for the tests to find out. */
  push(tag: string, dockerfile: string, files: Readonly<Record<string, string | { readonly from: string }>>): void;
  /** Where everything that was pushed lies. */
  readonly data: string;
  /** The file that a blob is kept in. */
  blob(digest: string): string;
  stop(): void;
}

/** Two servers over one directory. */
export async function startRegistry(): Promise<RealRegistry> {
  const dir = mkdtempSync(join(tmpdir(), 'atmos-registry-'));
  const at = address();
  const [tls, open] = [await freePort(), await freePort()];
  const [cert, key] = [join(dir, 'cert.pem'), join(dir, 'key.pem')];
  const names = ['-subj', '/CN=registry', '-addext', `subjectAltName=IP:${at}`];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-keyout', key, '-out', cert, ...names], {
    stdio: 'ignore',
  });
  writeFileSync(join(dir, 'htpasswd'), HTPASSWD);
  const config = (addr: string, more: string): string =>
    `version: 0.1\nlog: { level: error }\nstorage: { filesystem: { rootdirectory: ${dir}/data }, delete: { enabled: true } }\n` +
    `auth: { htpasswd: { realm: registry, path: ${dir}/htpasswd } }\nhttp: { addr: "${addr}", secret: one${more} }\n`;
  writeFileSync(join(dir, 'tls.yml'), config(`${at}:${tls}`, `, tls: { certificate: ${cert}, key: ${key} }`));
  writeFileSync(join(dir, 'open.yml'), config(`127.0.0.1:${open}`, ''));
  const servers: readonly ChildProcess[] = ['tls', 'open'].map((name) =>
    spawn('docker-registry', ['serve', join(dir, `${name}.yml`)], { stdio: 'ignore' }),
  );
  const plain = `127.0.0.1:${open}`;
  const secure = `${at}:${tls}`;
  const auth = Buffer.from(`ana:${PASSWORD}`).toString('base64');
  const docker = join(dir, 'docker');
  mkdirSync(docker);
  mkdirSync(join(dir, 'data'));
  writeFileSync(join(docker, 'config.json'), JSON.stringify({ auths: { [plain]: { auth }, [secure]: { auth } } }));
  const answers = async (url: string): Promise<boolean> =>
    fetch(url).then(
      ({ status }) => status === 401,
      () => false,
    );
  await vi.waitUntil(() => answers(`http://${plain}/v2/`), { timeout: limit(20_000), interval: 100 });
  return {
    secure,
    plain,
    password: PASSWORD,
    env: { DOCKER_CONFIG: docker, NODE_EXTRA_CA_CERTS: cert },
    push(tag, dockerfile, files) {
      const context = mkdtempSync(join(dir, 'build-'));
      writeFileSync(join(context, 'Dockerfile'), dockerfile);
      for (const [name, content] of Object.entries(files)) {
        if (typeof content === 'string') writeFileSync(join(context, name), content);
        else execFileSync('cp', ['-L', content.from, join(context, name)]);
      }
      const env = { ...process.env, DOCKER_BUILDKIT: '0', DOCKER_CONFIG: docker };
      const name = `${plain}/${tag}`;
      execFileSync('docker', ['build', '--quiet', '--tag', name, context], { env, stdio: 'pipe' });
      execFileSync('docker', ['push', '--quiet', name], { env, stdio: 'pipe' });
      execFileSync('docker', ['rmi', '--force', name], { env, stdio: 'pipe' });
    },
    data: join(dir, 'data'),
    blob: (digest) => {
      const name = digest.replace('sha256:', '');
      return join(dir, 'data/docker/registry/v2/blobs/sha256', name.slice(0, 2), name, 'data');
    },
    stop() {
      for (const server of servers) server.kill();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** An address of this machine that is not its loopback. */
function address(): string {
  const found = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ family, internal }) => family === 'IPv4' && !internal);
  if (found === undefined) throw new Error('this machine has no address but its loopback');
  return found.address;
}
