import type Docker from 'dockerode';
import type { ResolvedExec } from '../../engine/index.ts';
import type { Bind } from '../binds.ts';
import type { Engine } from './connect.ts';
import { labels } from './labels.ts';

const MIB = 1024 * 1024;

/**
 * A node's container: its mounts and nothing else of the machine. Read-only root, a tmpfs `/tmp`, no capabilities, no new privileges,
 * no network unless declared, limits.
 */
export function containerOptions(
  { id, exec, inputs }: ResolvedExec,
  secrets: Readonly<Record<string, string>>,
  engine: Engine,
  user: string | undefined,
  mounts: readonly Docker.MountSettings[],
): Docker.ContainerCreateOptions {
  const taken = new Set([...inputs.map(({ path }) => path), ...mounts.map(({ Target }) => Target)]);
  const { limits } = exec;
  return {
    Image: exec.image,
    Entrypoint: [...exec.argv],
    Cmd: [],
    WorkingDir: exec.workdir,
    Env: Object.entries({ HOME: '/tmp', ...exec.env, ...secrets }).map(([name, value]) => `${name}=${value}`),
    ...(user === undefined ? {} : { User: user }),
    Hostname: 'sandbox',
    Labels: labels(id, exec.effect !== undefined),
    AttachStdout: true,
    AttachStderr: true,
    HostConfig: {
      NetworkMode: exec.network,
      ReadonlyRootfs: true,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      Memory: limits.memoryMiB * MIB,
      MemorySwap: limits.memoryMiB * MIB,
      // An engine refuses more CPUs than it has.
      ...(limits.cpus < engine.cpus ? { NanoCpus: limits.cpus * 1e9 } : {}),
      PidsLimit: limits.pids,
      ...(taken.has('/tmp') ? {} : { Tmpfs: { '/tmp': `rw,exec,nosuid,nodev,mode=1777,size=${Math.floor(limits.memoryMiB / 2)}m` } }),
      Mounts: [...mounts],
      // We follow the output ourselves: the engine need not keep a copy.
      LogConfig: { Type: 'none', Config: {} },
    },
  };
}

/** The arguments of `docker` that open a shell in such a container, for a person at a terminal; without secrets. */
export function shellArguments({ exec }: ResolvedExec, user: string | undefined, binds: readonly Bind[]): readonly string[] {
  const env = Object.entries({ HOME: '/tmp', ...exec.env }).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
  const mounts = binds.flatMap(({ source, target, readOnly }) => [
    '--mount',
    `type=bind,source=${source},target=${target}${readOnly ? ',readonly' : ''}`,
  ]);
  return [
    ...['run', '--rm', '--interactive', '--tty', '--network', exec.network, '--read-only', '--cap-drop', 'ALL'],
    ...['--security-opt', 'no-new-privileges', ...(user === undefined ? [] : ['--user', user]), '--workdir', exec.workdir],
    ...[...env, ...mounts, '--entrypoint', 'sh', exec.image],
  ];
}
