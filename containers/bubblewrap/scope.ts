import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { execute } from '../system/execute.ts';
import { isUnified, unifiedGroup } from './controllers.ts';

/** Where processes are in a scope of ours: a control group has processes or limited children, not both. */
const SELF = 'self';
const OURS = new RegExp(`/atmos-deployment-[^/]*\\.scope/${SELF}$`);
/** As long as systemd may take to put a process into a scope, in milliseconds. */
const TIMEOUT = 5000;

/**
 * Puts this process into a scope of its own, once, in which systemd leaves the making of control groups to us: an ordinary user has no other place
 * for them, and where systemd manages them itself it may take away the controllers of what it does not know. Where that can't be, groups may still
 * be made where this process is. Returns what would let us make those that can't be made then, where that is known.
 * @see https://systemd.io/CGROUP_DELEGATION/
 */
export function enterScope(): Promise<string | undefined> {
  entered ??= enter();
  return entered;
}

let entered: Promise<string | undefined> | undefined;

async function enter(): Promise<string | undefined> {
  if (!existsSync('/run/systemd/system') || !isUnified()) return undefined;
  const { uid, username } = userInfo();
  const runtimeDir = process.env.XDG_RUNTIME_DIR ?? `/run/user/${uid}`;
  if (uid !== 0 && !existsSync(join(runtimeDir, 'bus'))) {
    return `let systemd run for this user, with a bus (package dbus-user-session): sudo loginctl enable-linger ${username}`;
  }
  if (!OURS.test(unifiedGroup() ?? '')) {
    const name = `atmos-deployment-${process.pid}-${randomBytes(4).toString('hex')}.scope`;
    try {
      divide(await request(name, uid, runtimeDir));
    } catch (error) {
      const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : '';
      return `ask systemd why it gives no scope: ${said === '' ? String(error) : said}`;
    }
  }
  return uid === 0
    ? undefined
    : 'let systemd give users these controllers, in a drop-in of user@.service: [Service] Delegate=cpu memory pids';
}

/** Has systemd make a scope of this name with this process in it, waits until it is, and returns the scope's directory. */
async function request(name: string, uid: number, runtimeDir: string): Promise<string> {
  const properties = ['PIDs', 'au', '1', String(process.pid), 'Delegate', 'b', 'true', 'CollectMode', 's', 'inactive-or-failed'];
  const method = ['org.freedesktop.systemd1', '/org/freedesktop/systemd1', 'org.freedesktop.systemd1.Manager', 'StartTransientUnit'];
  const args = [uid === 0 ? '--system' : '--user', '--quiet', 'call', ...method, 'ssa(sv)a(sa(sv))', name, 'fail', '3', ...properties, '0'];
  await execute('busctl', args, { env: { ...process.env, XDG_RUNTIME_DIR: runtimeDir }, timeout: TIMEOUT });
  const deadline = Date.now() + TIMEOUT;
  for (;;) {
    const group = unifiedGroup();
    if (group?.endsWith(`/${name}`)) return group;
    if (Date.now() > deadline) throw new Error(`${name} was made, and this process is not in it`);
    await setTimeout(1);
  }
}

/** Makes place for limited groups in a scope: its processes go into a group below it. */
function divide(scope: string): void {
  mkdirSync(join(scope, SELF));
  // What this process starts meanwhile begins where it is.
  for (let left = pidsIn(scope); left.length > 0; left = pidsIn(scope)) {
    for (const pid of left) move(pid, join(scope, SELF));
  }
  for (const controller of readFileSync(join(scope, 'cgroup.controllers'), 'utf8').trim().split(' ')) {
    writeFileSync(join(scope, 'cgroup.subtree_control'), `+${controller}`);
  }
}

function pidsIn(group: string): readonly string[] {
  return readFileSync(join(group, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean);
}

function move(pid: string, group: string): void {
  try {
    writeFileSync(join(group, 'cgroup.procs'), pid);
  } catch (error) {
    // It has ended.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
