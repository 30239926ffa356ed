import { readFileSync, readlinkSync } from 'node:fs';
import { errorCode } from './errors.ts';

/**
 * Names a process so that another one can tell whether it still lives: machine, boot and pid namespace in one word, the pid,
 * and when it started (in clock ticks since boot, from /proc), since pids are used again.
 */
export interface ProcessIdentity {
  readonly machine: string;
  readonly pid: number;
  readonly started: string;
}

let own: ProcessIdentity | undefined;

export function thisProcess(): ProcessIdentity {
  own ??= { machine: machine(), pid: process.pid, started: startOf(process.pid) ?? '0' };
  return own;
}

/** True when the process is known to be gone: it was on this machine, in this boot, and no process with its pid and start is there. */
export function isGone(identity: ProcessIdentity): boolean {
  if (identity.machine !== thisProcess().machine) return false;
  const started = process.platform === 'linux' ? startOf(identity.pid) : undefined;
  if (started !== undefined) return started !== identity.started;
  try {
    process.kill(identity.pid, 0);
    return false;
  } catch (error) {
    // One that may not be signalled is owned by another user, and lives; /proc may hide it from us.
    return errorCode(error) === 'ESRCH';
  }
}

/** One word without white space or `/`, for labels and file names; `parseProcess` reads it back. */
export function formatProcess(identity: ProcessIdentity): string {
  return `${identity.machine}.${identity.pid}.${identity.started}`;
}

export function parseProcess(text: string): ProcessIdentity | undefined {
  const match = /^([\w-]+)\.(\d+)\.(\d+)$/.exec(text);
  if (match === null) return undefined;
  const [, machineName = '', pid = '', started = ''] = match;
  return { machine: machineName, pid: Number(pid), started };
}

function machine(): string {
  const parts = [
    read('/etc/machine-id') ?? process.getBuiltinModule('node:os').hostname(),
    read('/proc/sys/kernel/random/boot_id') ?? '',
    link('/proc/self/ns/pid') ?? '',
  ];
  return parts
    .map((part) => part.replaceAll(/[^\w]/g, '').slice(0, 16))
    .filter((part) => part !== '')
    .join('-');
}

function startOf(pid: number): string | undefined {
  // proc(5): the command name is in parentheses and may hold anything; `starttime` is the 20th field after it.
  const text = read(`/proc/${pid}/stat`);
  if (text === undefined) return undefined;
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  // A zombie holds nothing any more: it began at no time.
  return fields[0] === 'Z' ? '' : fields[19];
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return undefined;
  }
}

function link(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
