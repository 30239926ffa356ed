import { statSync } from 'node:fs';

/** What of `/proc` is the kernel's and not the sandbox's own: to be read at most. As OCI runtimes have it. */
const READ_ONLY = ['/proc/sys', '/proc/sysrq-trigger', '/proc/irq', '/proc/bus', '/proc/fs'];
/** What is not even to be read. */
const MASKED = [
  ...['/proc/kcore', '/proc/keys', '/proc/key-users', '/proc/timer_list', '/proc/timer_stats', '/proc/sched_debug', '/proc/latency_stats'],
  ...['/proc/acpi', '/proc/asound', '/proc/scsi'],
];

/** The arguments of `bwrap` that make a `/proc` in which nothing of the machine can be changed, also by who is root outside. */
export function procArguments(): readonly string[] {
  return [
    ...['--proc', '/proc'],
    ...READ_ONLY.filter((path) => kindOf(path) !== undefined).flatMap((path) => ['--ro-bind', path, path]),
    ...MASKED.flatMap((path) => {
      const kind = kindOf(path);
      if (kind === undefined) return [];
      return kind === 'directory' ? ['--perms', '0555', '--tmpfs', path, '--remount-ro', path] : ['--ro-bind', '/dev/null', path];
    }),
  ];
}

/** Paths that a sandbox's mounts leave writable although they must not be, by what `/proc/self/mountinfo` says in it. */
export function writableIn(mountinfo: string): readonly string[] {
  const mounts = mountinfo.split('\n').map((line) => line.split(' '));
  const isReadOnly = (path: string): boolean =>
    mounts
      .findLast((fields) => fields[4] === path)?.[5]
      ?.split(',')
      .includes('ro') === true;
  return [...READ_ONLY, ...MASKED].filter((path) => kindOf(path) !== undefined && !isReadOnly(path));
}

function kindOf(path: string): 'directory' | 'file' | undefined {
  try {
    return statSync(path).isDirectory() ? 'directory' : 'file';
  } catch {
    return undefined;
  }
}
