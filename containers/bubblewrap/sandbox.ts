import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { AtmosError, type ResolvedExec } from '../../engine/index.ts';
import type { Bind } from '../system/bind.ts';
import { FILTER_FD, WORDS_FD } from './launcher.ts';
import { procArguments } from './proc.ts';
import type { SandboxUser } from './user.ts';

const MIB = 1024 * 1024;
/** How hosts are found by name: the machine's own files unless others are given, for a node with a network whose image has room for them. */
const NAMES = ['/etc/resolv.conf', '/etc/hosts'];
const PROC = procArguments();
/** What every sandbox makes for itself. */
const OWN = ['dev', 'proc', 'tmp'];

interface SandboxOptions {
  readonly hasFilter: boolean;
  /** In place of the machine's own. */
  readonly resolvConf: string | undefined;
  /** It is started outside of the machine's network. */
  readonly isApart: boolean;
}

/**
 * The arguments of `bwrap`: a root file system of the image's directories and the node's binds, all else absent; a network only where it is
 * declared, with `resolvConf` in place of the machine's. The environment is not among them (`environmentArguments`): anybody can read a process's arguments.
 */
export function sandboxArguments(
  { id, exec }: ResolvedExec,
  rootfs: string,
  binds: readonly Bind[],
  user: SandboxUser,
  { hasFilter, resolvConf, isApart }: SandboxOptions,
): readonly string[] {
  return [
    ...['--args', String(WORDS_FD), '--new-session', '--as-pid-1', '--json-status-fd', '3'],
    ...filterArguments(hasFilter),
    ...isolation(id, exec, rootfs, binds, user, resolvConf, isApart),
    '--',
    ...exec.argv,
  ];
}

/**
 * The arguments of `bwrap` that are read from a file descriptor: the environment of the command, and of it alone. In the environment of `bwrap`
 * variables like `LD_PRELOAD` would have the machine's own programs do what a node wants.
 */
export function environmentArguments(env: Readonly<Record<string, string>>): readonly string[] {
  return ['--clearenv', ...Object.entries(env).flatMap(([name, value]) => ['--setenv', name, value])];
}

/** The same sandbox with a shell in it, for a person at a terminal; without the environment's secrets. */
export function shellArguments(
  { id, exec }: ResolvedExec,
  rootfs: string,
  binds: readonly Bind[],
  user: SandboxUser,
  env: Readonly<Record<string, string>>,
  hasFilter: boolean,
  resolvConf?: string,
): readonly string[] {
  return [...filterArguments(hasFilter), ...isolation(id, exec, rootfs, binds, user, resolvConf), ...environmentArguments(env), '--', 'sh'];
}

function filterArguments(hasFilter: boolean): readonly string[] {
  return hasFilter ? ['--seccomp', String(FILTER_FD)] : [];
}

function isolation(
  id: string,
  exec: ResolvedExec['exec'],
  rootfs: string,
  binds: readonly Bind[],
  user: SandboxUser,
  resolvConf = '/etc/resolv.conf',
  isApart = false,
): readonly string[] {
  const mounts = binds.flatMap(({ source, target, readOnly }) => [readOnly ? '--ro-bind' : '--bind', source, target]);
  const root = rootOf(rootfs);
  const hidden = binds.find(({ target }) => root.names.includes(target.split('/')[1] ?? ''));
  if (hidden !== undefined) {
    throw new AtmosError(`${id}: nothing can be mounted at ${hidden.target}: the image is read-only there`, {
      kind: 'invalid',
      code: 'mount-in-image',
      hint: 'choose a path whose first directory is not in the image',
    });
  }
  const tmp = binds.some(({ target }) => target === '/tmp')
    ? []
    : ['--perms', '1777', '--size', String(Math.floor(exec.limits.memoryMiB / 2) * MIB), '--tmpfs', '/tmp'];
  return [
    ...[
      ...user.args,
      '--unshare-ipc',
      '--unshare-pid',
      '--unshare-uts',
      '--unshare-cgroup-try',
      '--hostname',
      'sandbox',
      '--cap-drop',
      'ALL',
    ],
    ...(exec.network === 'none' && !isApart ? ['--unshare-net'] : []),
    ...['--tmpfs', '/', ...root.args, ...PROC, '--dev', '/dev', ...tmp, ...mounts],
    ...(exec.network === 'none'
      ? []
      : NAMES.flatMap((path) =>
          existsSync(join(rootfs, path)) ? ['--ro-bind-try', path === '/etc/resolv.conf' ? resolvConf : path, path] : [],
        )),
    ...['--remount-ro', '/', '--chdir', exec.workdir],
  ];
}

interface Root {
  readonly args: readonly string[];
  /** What is there of the image, and read-only. */
  readonly names: readonly string[];
}

/** By directory: an image that was checked out stays as it is. */
const roots = new Map<string, Root>();

function rootOf(rootfs: string): Root {
  const root = roots.get(rootfs) ?? rootArguments(rootfs);
  roots.set(rootfs, root);
  return root;
}

/** The image's top level: directories and files bound read-only, links and empty directories made anew: in these the node may have binds. */
function rootArguments(rootfs: string): Root {
  const entries = readdirSync(rootfs, { withFileTypes: true }).filter(({ name }) => !OWN.includes(name));
  const isEmpty = ({ name }: { name: string }): boolean => readdirSync(join(rootfs, name)).length === 0;
  const empty = entries.filter((entry) => entry.isDirectory() && isEmpty(entry));
  const args = entries.flatMap((entry) => {
    const path = join(rootfs, entry.name);
    if (empty.includes(entry)) return ['--dir', `/${entry.name}`];
    return entry.isSymbolicLink() ? ['--symlink', readlinkSync(path), `/${entry.name}`] : ['--ro-bind', path, `/${entry.name}`];
  });
  return { args, names: entries.filter((entry) => !empty.includes(entry)).map(({ name }) => name) };
}
