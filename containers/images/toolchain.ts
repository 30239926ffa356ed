import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type Docker from 'dockerode';
import { type Pack, pack } from 'tar-stream';
import { canonicalJson, sha256, TREE_TIME } from '../../engine/index.ts';
import { certificates, findCommand, type HostFile, withLibraries } from './binaries.ts';
import { checkLoad } from './load.ts';

/** Which program an assembled image carries, beside a shell. */
export type Toolchain = 'terraform' | 'node';

/** What busybox answers to in an image: what shell scripts of nodes may use. */
const APPLETS =
  '[ awk basename cat chmod cmp cp cut date diff dirname echo env expr false find grep gunzip gzip head id kill ln ls mkdir mktemp mv printf pwd rm sed seq sh sha256sum sleep sort stat tail tar tee test touch tr true uname uniq unzip wc wget xargs';

const PASSWD = 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/tmp:/bin/sh\n';
const GROUP = 'root:x:0:\nnobody:x:65534:\n';

/**
 * Assembles an image from this machine's own programs, for where no registry can be reached, and loads it into the engine under `reference`.
 * Sorted entries, fixed times and owners, canonical config: the same programs give the same digest on every machine.
 */
export async function assembleToolchain(docker: Docker, toolchain: Toolchain, reference: string): Promise<void> {
  const busybox = await findCommand('busybox', 'install it: sudo apt-get install busybox-static');
  const program = await programOf(toolchain);
  const files = [...(await withLibraries(busybox, 'bin/busybox')), ...program];
  const dir = await mkdtemp(join(tmpdir(), 'atmos-image-'));
  try {
    const layer = join(dir, 'layer.tar');
    const digest = await writeLayer(files, layer);
    const config = canonicalJson({
      architecture: process.arch === 'x64' ? 'amd64' : process.arch,
      os: 'linux',
      created: '1980-01-01T00:00:00Z',
      config: {
        Env: ['PATH=/usr/local/bin:/usr/bin:/bin', 'SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt'],
        Cmd: ['sh'],
        WorkingDir: '/',
      },
      rootfs: { type: 'layers', diff_ids: [digest] },
      history: [{ created: '1980-01-01T00:00:00Z', created_by: `atmos-deployment images build (${toolchain})` }],
    });
    const archive = pack();
    const loaded = docker.loadImage(Readable.from(archive), { quiet: true });
    const writing = async (): Promise<void> => {
      const name = `${sha256(config).slice('sha256:'.length)}.json`;
      archive.entry({ name }, config);
      await pipeline(createReadStream(layer), archive.entry({ name: 'layer.tar', size: (await stat(layer)).size }));
      archive.entry({ name: 'manifest.json' }, JSON.stringify([{ Config: name, RepoTags: [reference], Layers: ['layer.tar'] }]));
      archive.finalize();
    };
    const [response] = await Promise.all([loaded, writing()]);
    await checkLoad(response, reference);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

async function programOf(toolchain: Toolchain): Promise<readonly HostFile[]> {
  switch (toolchain) {
    case 'terraform':
      return withLibraries(
        await findCommand('terraform', 'install Terraform: https://developer.hashicorp.com/terraform/install'),
        'usr/bin/terraform',
      );
    case 'node':
      return withLibraries(process.execPath, 'usr/bin/node');
    default:
      return toolchain satisfies never;
  }
}

async function writeLayer(files: readonly HostFile[], path: string): Promise<string> {
  const archive = pack();
  const hash = createHash('sha256');
  const tap = new Transform({
    transform(chunk: Uint8Array, _encoding, next) {
      hash.update(chunk);
      next(null, chunk);
    },
  });
  const written = pipeline(Readable.from(archive), tap, createWriteStream(path));
  await Promise.all([written, writeEntries(archive, files)]);
  return `sha256:${hash.digest('hex')}`;
}

interface Entry {
  readonly type: 'directory' | 'file' | 'symlink';
  readonly mode: number;
  readonly content?: Uint8Array | string;
  readonly from?: string;
  readonly linkname?: string;
}

async function writeEntries(archive: Pack, files: readonly HostFile[]): Promise<void> {
  const entries = new Map<string, Entry>();
  for (const { from, to, mode } of files) entries.set(to, { type: 'file', mode, from });
  for (const applet of APPLETS.split(' ')) entries.set(`bin/${applet}`, { type: 'symlink', mode: 0o777, linkname: 'busybox' });
  entries.set('etc/passwd', { type: 'file', mode: 0o644, content: PASSWD });
  entries.set('etc/group', { type: 'file', mode: 0o644, content: GROUP });
  const authorities = await certificates();
  if (authorities !== undefined) entries.set('etc/ssl/certs/ca-certificates.crt', { type: 'file', mode: 0o644, content: authorities });
  for (const path of [...entries.keys(), 'tmp/x', 'root/x', 'usr/local/bin/x']) {
    const parts = path.split('/').slice(0, -1);
    parts.forEach((_, index) => {
      const dir = `${parts.slice(0, index + 1).join('/')}/`;
      entries.set(dir, { type: 'directory', mode: dir === 'tmp/' ? 0o1777 : 0o755 });
    });
  }
  const owner = { uid: 0, gid: 0, uname: '', gname: '', mtime: new Date(TREE_TIME * 1000) };
  for (const [name, { type, mode, content, from, linkname }] of [...entries].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const header = { ...owner, name, type, mode, ...(linkname === undefined ? {} : { linkname }) };
    if (from !== undefined) await pipeline(createReadStream(from), archive.entry({ ...header, size: (await stat(from)).size }));
    else if (content !== undefined) archive.entry(header, content);
    else archive.entry(header);
  }
  archive.finalize();
}
