import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type DockerClient from 'dockerode';
import { engineRuntime } from '../containers/docker/runtime.ts';
import { openImages, openRuntime } from '../containers/index.ts';
import { type Exec, execAction, openStore, type Runtime } from '../engine/index.ts';
import { atMost, type Figures, inTurn, told } from './figures.ts';

/** What a node that does nothing costs in either runtime, against the bare tools with the same flags. */
export async function figures(): Promise<Figures> {
  const dir = mkdtempSync(join(tmpdir(), 'atmos-bench-engine-'));
  const store = openStore(join(dir, 'cache'));
  const images = openImages(store, []);
  const image = await images.assemble('terraform');
  const rootfs = await store.checkOut(image.rootfs);
  const [bubblewrap, docker] = [await openRuntime('bubblewrap', images), await engineRuntime('docker', images)];
  const node = (runtime: Runtime) => async (): Promise<number> => {
    const began = performance.now();
    const { exitCode } = await runtime.run({ id: 'bench/nothing', exec: nothing(image.digest), inputs: [] }, io, never);
    if (exitCode !== 0) throw new Error(`exit code ${exitCode}`);
    return performance.now() - began;
  };
  const io = {
    store,
    secrets: {},
    stateRoot: join(dir, 'state'),
    runsRoot: join(dir, 'runs'),
    keepRoot: undefined,
    log: (): void => undefined,
  };
  const idle = new AbortController().signal;
  const never = { interrupt: idle, force: idle };
  try {
    // The first of each loads what it needs.
    await node(bubblewrap)();
    await node(docker)();
    const times = await inTurn(15, {
      bwrap: () => bareBwrap(rootfs, dir),
      bubblewrap: node(bubblewrap),
      api: () => rawApi(image.digest),
      docker: node(docker),
      run: () => dockerRun(image.digest),
    });
    return {
      'bare bwrap': told(times.bwrap, 'ms'),
      'a bubblewrap node': told(times.bubblewrap, 'ms'),
      'raw Docker API': told(times.api, 'ms'),
      'a Docker node': told(times.docker, 'ms'),
      'docker run': told(times.run, 'ms'),
      'bubblewrap node / bare bwrap': atMost(times.ratio('bubblewrap', 'bwrap'), 2),
      'bubblewrap node / docker run': atMost(times.ratio('bubblewrap', 'run'), 0.1),
      'Docker node / raw API': atMost(times.ratio('docker', 'api'), 1.1),
    };
  } finally {
    await Promise.all([bubblewrap.close(), docker.close()]);
    await store.close();
    rmSync(dir, { recursive: true, force: true });
  }
}

/** A command that does nothing. */
export function nothing(image: Exec['image']): Exec {
  return execAction({ image, argv: ['true'], limits: { memoryMiB: 512, cpus: 1, pids: 256 } });
}

/** `bwrap` with the flags that a node gets. Milliseconds. */
export function bareBwrap(rootfs: string, dir: string): number {
  mkdirSync(join(dir, 'empty'), { recursive: true });
  const roots = ['bin', 'etc', 'usr'].flatMap((name) => ['--ro-bind', join(rootfs, name), `/${name}`]);
  const flags = ['--unshare-all', '--unshare-user', '--uid', '65534', '--gid', '65534', '--hostname', 'sandbox', '--cap-drop', 'ALL'];
  const mounts = [
    '--tmpfs',
    '/',
    ...roots,
    '--proc',
    '/proc',
    '--dev',
    '/dev',
    '--perms',
    '1777',
    '--size',
    '268435456',
    '--tmpfs',
    '/tmp',
  ];
  const args = [...flags, '--die-with-parent', '--new-session', '--as-pid-1', ...mounts, '--remount-ro', '/', '--chdir', '/', '--', 'true'];
  const began = performance.now();
  const { status } = spawnSync('bwrap', args, { env: { PATH: '/usr/bin:/bin' } });
  if (status !== 0) throw new Error('bwrap failed');
  return performance.now() - began;
}

/** `docker run` with the flags that a node gets. Milliseconds. */
function dockerRun(image: string): number {
  const limits = ['--memory', '512m', '--memory-swap', '512m', '--cpus', '1', '--pids-limit', '256'];
  const flags = ['--rm', '--network', 'none', '--read-only', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges'];
  const began = performance.now();
  const { status } = spawnSync('docker', ['run', ...flags, ...limits, '--entrypoint', 'true', image]);
  if (status !== 0) throw new Error('docker run failed');
  return performance.now() - began;
}

/** Create, start, wait, remove, with the flags that a node gets. */
async function rawApi(image: string): Promise<number> {
  const Docker = createRequire(import.meta.url)('dockerode') as typeof DockerClient;
  const docker = new Docker();
  const began = performance.now();
  const container = await docker.createContainer({
    Image: image,
    Entrypoint: ['true'],
    Cmd: [],
    User: '65534:65534',
    Hostname: 'sandbox',
    HostConfig: {
      NetworkMode: 'none',
      ReadonlyRootfs: true,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      Memory: 512 * 1024 * 1024,
      MemorySwap: 512 * 1024 * 1024,
      NanoCpus: 1e9,
      PidsLimit: 256,
      Tmpfs: { '/tmp': 'rw,exec,nosuid,nodev,mode=1777,size=256m' },
      LogConfig: { Type: 'none', Config: {} },
    },
  });
  await container.start();
  await container.wait();
  await container.remove();
  return performance.now() - began;
}
