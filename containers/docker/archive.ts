import { randomBytes } from 'node:crypto';
import { constants, createWriteStream } from 'node:fs';
import { chmod, copyFile, mkdir, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type Docker from 'dockerode';
import { extract, pack } from 'tar-stream';
import {
  AtmosError,
  badName,
  type Digest,
  isTreePath,
  type NodeIo,
  type ResolvedExec,
  removeTree,
  specialFile,
} from '../../engine/index.ts';
import type { Engine } from '../docker-api/connect.ts';
import { ignoreMissing, labels } from '../docker-api/labels.ts';
import { InputVolumes } from '../docker-api/volumes.ts';
import type { Transport } from './transport.ts';

/** The user that commands run as where ours means nothing to the engine. */
const USER = 65_534;

/**
 * Trees as tar streams through the engine's API, for an engine that does not see our file system. Each input tree fills one volume
 * that its nodes mount read-only; outputs are volumes that are read when the command has ended.
 */
export function tarTransport(engine: Engine): Transport {
  const volumes = new InputVolumes(engine);
  return {
    name: 'tar',
    user: `${USER}:${USER}`,
    prepare: async (step, io) => {
      refuseState(step);
      if (io.keepRoot !== undefined) throw cannotKeep();
      const place = (volume: string, archive: NodeJS.ReadableStream) => fill(engine, step, [mount(volume, '/tree', false)], archive);
      const inputs = await Promise.all(
        step.inputs.map(async ({ path, tree }) => mount((await volumes.volumeOf(step, tree, io, place)).name, path, true)),
      );
      const outputs = await outputVolumes(engine, step);
      return {
        mounts: [...inputs, ...step.exec.outputs.map(({ path }, index) => mount(outputs[index] ?? '', path, false))],
        check: () => volumes.check(step.inputs.map(({ tree }) => tree)),
        collect: (container) => collect(container, step, io),
        keep() {
          throw cannotKeep();
        },
        dispose: async () => {
          await Promise.all(outputs.map((name) => ignoreMissing(engine.docker.getVolume(name).remove())));
        },
      };
    },
    close: () => volumes.close(),
  };
}

function refuseState(step: ResolvedExec): void {
  if (step.exec.state.length === 0) return;
  throw new AtmosError('this engine cannot mount a directory of this machine, so local Terraform state cannot reach the disk', {
    kind: 'environment',
    code: 'state-needs-mount',
    hint: 'use a remote backend (s3, gcs, azurerm, http, pg, …), or an engine on this machine',
  });
}

function cannotKeep(): AtmosError {
  return new AtmosError('this engine cannot mount a directory of this machine, so the files of a container cannot be kept', {
    kind: 'environment',
    code: 'keep-needs-mount',
    hint: 'leave out --keep, or use an engine on this machine',
  });
}

function mount(volume: string, target: string, readOnly: boolean): Docker.MountSettings {
  return { Type: 'volume', Source: volume, Target: target, ReadOnly: readOnly };
}

/** Empty volumes that the command's user may write to, one an output. */
async function outputVolumes(engine: Engine, step: ResolvedExec): Promise<readonly string[]> {
  const names = await Promise.all(step.exec.outputs.map(() => createVolume(engine, step)));
  if (names.length === 0) return names;
  const archive = pack();
  for (const index of names.keys()) archive.entry({ name: `output-${index}/`, type: 'directory', mode: 0o755, uid: USER, gid: USER });
  archive.finalize();
  const mounts = names.map((name, index) => mount(name, `/output-${index}`, false));
  await fill(engine, step, mounts, Readable.from(archive));
  return names;
}

async function createVolume({ docker }: Engine, step: ResolvedExec): Promise<string> {
  const name = `atmos-${randomBytes(12).toString('hex')}`;
  await docker.createVolume({ Name: name, Labels: labels(step.id) });
  return name;
}

/**
 * Unpacks an archive over volumes. An engine unpacks neither into a read-only mount nor onto a volume's own root directory, so a container
 * that never starts, with a writable root, mounts them.
 */
async function fill({ docker }: Engine, step: ResolvedExec, mounts: Docker.MountSettings[], archive: NodeJS.ReadableStream): Promise<void> {
  const filler = await docker.createContainer({
    Image: step.exec.image,
    Entrypoint: ['true'],
    Labels: labels(step.id),
    HostConfig: { NetworkMode: 'none', Mounts: mounts },
  });
  try {
    await filler.putArchive(archive, { path: '/' });
  } finally {
    await ignoreMissing(filler.remove({ force: true }));
  }
}

async function collect(container: Docker.Container, step: ResolvedExec, io: NodeIo): Promise<Readonly<Record<string, Digest>>> {
  const trees: Record<string, Digest> = {};
  for (const { name, path } of step.exec.outputs) {
    const dir = await io.store.temporary('outputs');
    await unpack(await container.getArchive({ path: `${path}/.` }), dir);
    trees[name] = await io.store.ingest(dir);
    removeTree(dir);
  }
  return trees;
}

/**
 * Unpacks an engine's archive of a directory; refuses what would leave it, and what a directory that we see ourselves would not be taken in with. A hard
 * link becomes a file.
 */
async function unpack(archive: NodeJS.ReadableStream, dir: string): Promise<void> {
  const entries = extract();
  const done = pipeline(archive, entries);
  // Whoever reads the entries is told, too.
  done.catch(() => undefined);
  // Made last, so that no file is ever written through one.
  const links = new Map<string, string>();
  for await (const entry of entries) {
    const { name, type, linkname, mode } = entry.header;
    const path = pathIn(name);
    if (path !== '') {
      const full = join(dir, path);
      await mkdir(type === 'directory' ? full : dirname(full), { recursive: true });
      if (type === 'symlink') links.set(full, linkname ?? '');
      else if (type === 'link') await copyFile(join(dir, pathIn(linkname ?? '')), full, constants.COPYFILE_EXCL);
      else if (type === 'file' || type === 'contiguous-file') {
        await pipeline(entry, createWriteStream(full, { flags: 'wx' }));
        await chmod(full, (mode ?? 0) & 0o777);
      } else if (type !== 'directory') throw specialFile(path);
    }
    entry.resume();
  }
  await done;
  for (const [path, target] of links) await symlink(target, path);
}

/** A path in an archive as one in a directory; `''` for the directory itself. */
function pathIn(name: string): string {
  const path = name.replace(/^(?:\.\/)+/, '').replace(/\/+$/, '');
  if (path === '' || path === '.') return '';
  if (path.includes('\ufffd')) throw badName(path, 'its name is not UTF-8');
  if (isTreePath(path)) return path;
  throw new AtmosError(`the engine's archive holds ${JSON.stringify(name)}`, { kind: 'failed', code: 'path-escape' });
}
