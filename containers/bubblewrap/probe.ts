import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { AtmosError } from '../../engine/index.ts';
import { execute } from '../system/execute.ts';
import { procArguments, writableIn } from './proc.ts';
import { type SandboxUser, sandboxUsers } from './user.ts';

/** Prints what is mounted where, without a program but the shell. */
const MOUNTS = 'while read -r line; do echo "$line"; done < /proc/self/mountinfo';

/** The `bwrap` command of this machine. */
export interface Bubblewrap {
  readonly path: string;
  /** `0.8.0` */
  readonly version: string;
  /** Who runs commands. */
  readonly user: SandboxUser;
}

/**
 * Finds `bwrap` and tries it: whether this machine lets it make its namespaces is known only by making them.
 * @throws AtmosError `no-bubblewrap`, `no-user-namespaces`, `proc-writable`, with the remedy
 */
export async function findBubblewrap(): Promise<Bubblewrap> {
  const path = onPath('bwrap');
  if (path === undefined) {
    throw new AtmosError('bubblewrap is not installed', {
      kind: 'environment',
      code: 'no-bubblewrap',
      hint: 'install it: sudo apt-get install bubblewrap   (Fedora: dnf, Arch: pacman -S, Alpine: apk add)',
    });
  }
  const [first, ...others] = sandboxUsers(onPath('unshare'));
  let found = tryAs(path, first);
  for (const user of others) found = found.catch(() => tryAs(path, user));
  const { version, mounts, user } = await found.catch((cause: unknown) => {
    if (!(cause instanceof Error && 'stderr' in cause)) throw cause;
    const said = String(cause.stderr).trim();
    throw new AtmosError(`bubblewrap can't make a sandbox here: ${said}`, {
      kind: 'environment',
      code: 'no-user-namespaces',
      hint: /uid map|namespace|No permissions|Operation not permitted/i.test(said) ? remedy() : undefined,
      cause,
    });
  });
  const writable = writableIn(mounts);
  if (writable.length > 0) {
    throw new AtmosError(`bubblewrap can't protect this machine's ${writable.join(', ')}`, {
      kind: 'environment',
      code: 'proc-writable',
      hint: 'use --runtime docker, or a newer bubblewrap',
    });
  }
  return { path, version: version.trim().replace(/^bubblewrap /, ''), user };
}

const NAMESPACES = ['ipc', 'pid', 'uts', 'net', 'cgroup-try'].map((name) => `--unshare-${name}`);

/** Makes a sandbox as some user, and reads what is mounted in it. @throws what `execute` throws where that can't be */
async function tryAs(path: string, user: SandboxUser): Promise<Omit<Bubblewrap, 'path'> & { readonly mounts: string }> {
  const trial = [...user.args, ...NAMESPACES, '--as-pid-1', '--ro-bind', '/', '/', ...procArguments(), '--dev', '/dev'];
  // Started together by a small process: copying ours takes longer than what they do.
  const script = `"$1" --version || exit\n${user.prelude}exec "$@"`;
  const stdout = await execute('/bin/sh', ['-c', script, 'sh', path, ...trial, '--', '/bin/sh', '-c', `${user.look} && ${MOUNTS}`], {
    env: {},
  });
  const end = stdout.indexOf('\n') + 1;
  return { version: stdout.slice(0, end), mounts: stdout.slice(end), user };
}

/** Settings of Linux that forbid user namespaces: where it is kept, what it is then, and what allows them. */
const FORBIDDING = [
  ['user.max_user_namespaces', '0', 'sudo sysctl user.max_user_namespaces=15000'],
  ['kernel.unprivileged_userns_clone', '0', 'sudo sysctl kernel.unprivileged_userns_clone=1'],
  [
    'kernel.apparmor_restrict_unprivileged_userns',
    '1',
    'by an AppArmor profile of /usr/bin/bwrap that grants "userns", or to all: sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0',
  ],
] as const;

function remedy(): string {
  const found = FORBIDDING.find(([name, forbids]) => setting(name) === forbids);
  if (found !== undefined) return `this machine forbids user namespaces (${found[0]} is ${found[1]}). Allow them: ${found[2]}`;
  return 'this machine forbids user namespaces, as containers do: there, use its engine instead (--runtime docker), or start it with --privileged';
}

/** What `sysctl` says of a setting; `undefined` where there is none of that name. */
function setting(name: string): string | undefined {
  try {
    return readFileSync(`/proc/sys/${name.replaceAll('.', '/')}`, 'utf8').trim();
  } catch {
    return undefined;
  }
}

/** Where a program lies; `undefined` when it is not installed. */
export function onPath(name: string): string | undefined {
  const paths = (process.env.PATH ?? '').split(delimiter).map((dir) => join(dir, name));
  // Most directories do not have it, and an error costs more than a question.
  return paths.find((path) => existsSync(path) && isExecutable(path));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
