import type Docker from 'dockerode';
import type { ResolvedExec } from '../../engine/index.ts';
import type { Engine } from '../docker-api/connect.ts';
import { labels } from '../docker-api/labels.ts';
import type { SecretInput } from '../docker-api/secret-input.ts';
import type { Bind } from '../system/bind.ts';

const MIB = 1024 * 1024;
/** Of open files and of the user's processes. */
const ULIMITS = [
  { Name: 'nofile', Soft: 1024, Hard: 4096 },
  { Name: 'nproc', Soft: 4096, Hard: 4096 },
];

/**
 * A node's container: its mounts and nothing else of the machine. Read-only root, a tmpfs `/tmp`, no capabilities, no new privileges,
 * no network unless declared, limits. `profile` is a file with a seccomp profile, where the engine's own is not meant.
 */
export function containerOptions(
  { id, exec, inputs }: ResolvedExec,
  input: SecretInput | undefined,
  engine: Engine,
  user: string | undefined,
  mounts: readonly Docker.MountSettings[],
  profile: string | undefined,
): Docker.ContainerCreateOptions {
  const taken = new Set([...inputs.map(({ path }) => path), ...mounts.map(({ Target }) => Target)]);
  const { limits } = exec;
  return {
    Image: exec.image,
    Entrypoint: [...(input?.argv ?? exec.argv)],
    Cmd: [],
    WorkingDir: exec.workdir,
    Env: Object.entries({ HOME: '/tmp', ...exec.env }).map(([name, value]) => `${name}=${value}`),
    ...(user === undefined ? {} : { User: user }),
    Hostname: 'sandbox',
    Labels: labels(id, exec.effect !== undefined),
    AttachStdout: true,
    AttachStderr: true,
    // If we go before all of it is written, it ends.
    ...(input === undefined ? {} : { AttachStdin: true, OpenStdin: true, StdinOnce: true }),
    HostConfig: {
      NetworkMode: exec.network,
      ReadonlyRootfs: true,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges', ...(profile === undefined ? [] : [`seccomp=${profile}`])],
      Memory: limits.memoryMiB * MIB,
      MemorySwap: limits.memoryMiB * MIB,
      // An engine refuses more CPUs than it has.
      ...(limits.cpus < engine.cpus ? { NanoCpus: limits.cpus * 1e9 } : {}),
      PidsLimit: limits.pids,
      // Podman asks for the most that there is, which its machine may refuse it.
      ...(engine.isPodman ? { Ulimits: ULIMITS } : {}),
      // As root in there we would be somebody else out here.
      ...(engine.isPodman && engine.isRootless ? { UsernsMode: 'keep-id' } : {}),
      ...(taken.has('/tmp') ? {} : { Tmpfs: { '/tmp': `rw,exec,nosuid,nodev,mode=1777,size=${Math.floor(limits.memoryMiB / 2)}m` } }),
      Mounts: [...mounts],
      // We follow the output ourselves: the engine need not keep a copy.
      LogConfig: { Type: 'none', Config: {} },
    },
  };
}

/** What opens a shell in such a container, for a person at a terminal; without secrets. */
export function shellCommand(
  { exec }: ResolvedExec,
  engine: Engine,
  user: string | undefined,
  binds: readonly Bind[],
  profile: string | undefined,
): readonly string[] {
  const env = Object.entries({ HOME: '/tmp', ...exec.env }).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
  const mounts = binds.flatMap(({ source, target, readOnly }) => [
    '--mount',
    `type=bind,source=${source},target=${target}${readOnly ? ',readonly' : ''}`,
  ]);
  const limits = engine.isPodman ? ULIMITS.flatMap(({ Name, Soft, Hard }) => ['--ulimit', `${Name}=${Soft}:${Hard}`]) : [];
  return [
    ...[...engine.program, 'run', '--rm', '--interactive', '--tty', '--network', exec.network, '--read-only', '--cap-drop', 'ALL'],
    ...['--security-opt', 'no-new-privileges', ...(profile === undefined ? [] : ['--security-opt', `seccomp=${profile}`])],
    ...[...limits, ...(user === undefined ? [] : ['--user', user]), '--workdir', exec.workdir],
    ...[...env, ...mounts, '--entrypoint', 'sh', exec.image],
  ];
}
