import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { access, readFile, readlink } from 'node:fs/promises';
import type { Readable, Writable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { AtmosError, shellWord } from '../../engine/index.ts';
import { freeAddresses } from './addresses.ts';
import { onPath } from './probe.ts';
import { FORGET } from './process.ts';
import type { SandboxUser } from './user.ts';

/** Milliseconds that a network may take to be there. */
const TIMEOUT = 10_000;
/** Without the machine's loopback: what listens there is none of a node's business. */
const OPTIONS = ['--configure', '--mtu=65520', '--disable-host-loopback'];
const DEVICE = 'tap0';

/**
 * Networks of their own, from which the world can be reached and this machine's loopback can't: a network namespace each (in a user namespace, where
 * that spares root), whose packets slirp4netns(1) carries out as an ordinary program.
 */
export class Networks {
  readonly #slirp: string;
  readonly #unshare: string;
  /** Whether it is root's, and what runs in it is not. */
  readonly #isRoots: boolean;
  /** What makes a network without link-local addresses; `undefined` where this machine has not what it takes. */
  readonly #narrow: Narrowing | undefined;
  /** The first three bytes of the addresses in such a network. */
  readonly #addresses: string;
  readonly #closed = new Map<string, Networks>();

  private constructor(slirp: string, unshare: string, isRoots: boolean, narrow: Narrowing | undefined, addresses: string) {
    this.#slirp = slirp;
    this.#unshare = unshare;
    this.#isRoots = isRoots;
    this.#narrow = narrow;
    this.#addresses = addresses;
  }

  /** The same networks, from which some addresses can't be reached either, where that can be had. */
  closedTo(addresses: readonly string[]): Networks {
    if (this.#narrow === undefined || addresses.length === 0) return this;
    const name = addresses.join(' ');
    const known = this.#closed.get(name);
    if (known !== undefined) return known;
    const narrow = { ...this.#narrow, closed: [...this.#narrow.closed, ...addresses] };
    const made = new Networks(this.#slirp, this.#unshare, this.#isRoots, narrow, this.#addresses);
    this.#closed.set(name, made);
    return made;
  }

  /** `undefined` where this machine has not what it takes. */
  static async find({ isAnother }: Pick<SandboxUser, 'isAnother'>): Promise<Networks | undefined> {
    const [slirp, unshare] = [onPath('slirp4netns'), onPath('unshare')];
    if (slirp === undefined || unshare === undefined) return undefined;
    try {
      await access('/dev/net/tun', constants.R_OK | constants.W_OK);
      const narrow = await findNarrowing(unshare, isAnother);
      return new Networks(slirp, unshare, isAnother, narrow, freeAddresses(await readFile('/proc/net/route', 'utf8')));
    } catch {
      return undefined;
    }
  }

  /** The command that runs another one in a network that is not connected yet. */
  enter(argv: readonly string[]): readonly string[] {
    return [...this.#unshared(), ...(this.#narrow === undefined ? [] : ['/bin/sh', '-c', narrowed(this.#narrow), 'sh']), ...argv];
  }

  /** What runs a command in a network that has nothing but a loopback; `undefined` where only `bwrap` can make one. */
  get apart(): ((argv: readonly string[]) => readonly string[]) | undefined {
    if (!this.#isRoots || this.#narrow === undefined) return undefined;
    const script = `${shellWord(this.#narrow.ip)} link set lo up && exec "$@"`;
    return (argv) => [this.#unshare, '--net', '--', '/bin/sh', '-c', script, 'sh', ...argv];
  }

  /** Whether addresses can be put out of reach: those of the link alone, where clouds give out credentials, always are. */
  get isNarrow(): boolean {
    return this.#narrow !== undefined;
  }

  #unshared(): readonly string[] {
    return [this.#unshare, ...unshared(this.#isRoots, this.#narrow !== undefined), '--net', '--'];
  }

  /**
   * Connects the network that a process has entered, or is about to enter. It goes when it is closed, or when this process ends, however that is.
   * @throws AtmosError `no-network`
   */
  async connect(pid: number): Promise<{ close(): void }> {
    const mine = await readlink('/proc/self/ns/net');
    const until = Date.now() + TIMEOUT;
    while (Date.now() < until && !(await hasEntered(pid, mine))) await setTimeout(1);
    const args = [
      ...OPTIONS,
      `--cidr=${this.#addresses}.0/24`,
      '--ready-fd=3',
      '--exit-fd=4',
      ...(this.#isRoots ? [] : [`--userns-path=/proc/${pid}/ns/user`]),
      String(pid),
      DEVICE,
    ];
    const child = spawn(this.#slirp, args, { env: {}, detached: true, stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'] });
    await isReady(child);
    child.stderr?.destroy();
    child.unref();
    // Half of an end would not be one to it.
    return { close: () => void (child.stdio[4] as Writable).destroy() };
  }

  /**
   * The command that runs another one in a network that is connected as long as anything runs in it, whatever becomes of this process.
   * `fifo` is made and must not be there.
   */
  within(fifo: string, argv: readonly string[]): readonly string[] {
    const last = this.#narrow === undefined ? 'exec "$@"' : narrowed(this.#narrow);
    return [
      '/bin/sh',
      '-c',
      within(this.#unshared().map(shellWord).join(' '), this.#isRoots ? '' : '--userns-path=/proc/$$/ns/user', last),
      'sh',
      fifo,
      this.#slirp,
      `${this.#addresses}.0/24`,
      ...argv,
    ];
  }

  /** What stands in `/etc/resolv.conf` in such a network. */
  async resolvConf(): Promise<Buffer> {
    const lines = (await readFile('/etc/resolv.conf', 'utf8').catch(() => '')).split('\n');
    // Where slirp4netns(1) answers questions of names: it asks whom the machine asks.
    return Buffer.from([`nameserver ${this.#addresses}.3`, ...lines.filter((line) => !/^\s*nameserver\s/.test(line))].join('\n'));
  }
}

/** The programs that close a network to some addresses, and give up what that takes. */
interface Narrowing {
  readonly ip: string;
  /** What runs a command as somebody who can't undo that; none for root, who needs it to make sandboxes of others. */
  readonly become: readonly string[];
  /** Those addresses, and networks. */
  readonly closed: readonly string[];
}

/** RFC 3927. Over IPv6 nothing is reached at all. */
const LINK_LOCAL = '169.254.0.0/16';

/** A script that runs its arguments in a network from which some addresses can't be reached, as somebody who can't change that. */
const narrowed = ({ ip, become, closed }: Narrowing): string => {
  const routes = closed.map((address) => shellWord(`route add unreachable ${address}`)).join(' ');
  return `printf '%s\\n' ${routes} | ${shellWord(ip)} -batch - && exec ${become.map(shellWord).join(' ')} "$@"`;
};

/** The flags of `unshare` that let one who is not root make a network, and change it. */
const unshared = (isRoots: boolean, isNarrow: boolean): readonly string[] =>
  isRoots ? [] : ['--user', '--map-current-user', ...(isNarrow ? ['--keep-caps'] : [])];

/** Tried, since it takes a kernel and programs that are new enough. */
async function findNarrowing(unshare: string, isRoots: boolean): Promise<Narrowing | undefined> {
  const [ip, setpriv] = [onPath('ip'), onPath('setpriv')];
  if (ip === undefined || (setpriv === undefined && !isRoots)) return undefined;
  const become = setpriv === undefined || isRoots ? [] : [setpriv, '--inh-caps=-all', '--ambient-caps=-all', '--'];
  const narrowing = { ip, become, closed: [LINK_LOCAL] };
  const argv = [...unshared(isRoots, true), '--net', '--', '/bin/sh', '-c', narrowed(narrowing), 'sh', '/bin/sh', '-c', ':'];
  const child = spawn(unshare, argv, { env: {}, stdio: 'ignore' });
  const code = await new Promise<number | null>((resolve) => {
    child.once('error', () => resolve(null));
    child.once('exit', resolve);
  });
  return code === 0 ? narrowing : undefined;
}

/** Whether a process is in another network than that one, as somebody; or gone. */
async function hasEntered(pid: number, mine: string): Promise<boolean> {
  try {
    return (await readlink(`/proc/${pid}/ns/net`)) !== mine && (await readFile(`/proc/${pid}/uid_map`, 'utf8')) !== '';
  } catch {
    return true;
  }
}

/** Until slirp4netns says that all is set up. */
async function isReady(child: ChildProcess): Promise<void> {
  let complaint = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    complaint += chunk.toString('utf8');
  });
  (child.stdio[4] as Writable).on('error', () => undefined);
  try {
    await new Promise<void>((resolve, reject) => {
      (child.stdio[3] as Readable).once('data', () => resolve());
      child.once('error', reject);
      child.once('exit', (code) => reject(new Error(`slirp4netns exited with code ${code}`)));
      void setTimeout(TIMEOUT, undefined, { ref: false }).then(() => reject(new Error('slirp4netns timed out')));
    });
  } catch (cause) {
    child.kill('SIGKILL');
    throw new AtmosError(`slirp4netns can't make a network here: ${complaint.trim() || String(cause)}`, {
      kind: 'environment',
      code: 'no-network',
      hint: 'Fix it, or use --runtime docker. Without slirp4netns, nodes that declare a network share the one of this machine',
      cause,
    });
  }
}

/**
 * A script with the arguments `fifo slirp4netns addresses command…`: becomes the command by way of `unshare`, and holds one end of the fifo; a copy of
 * this shell, which stays in the machine's network, becomes slirp4netns, which ends when the other end does. `last` runs the command in the network.
 */
const within = (unshare: string, whose: string, last: string): string => `
fifo=$1 slirp=$2 addresses=$3; shift 3
mkfifo "$fifo" && exec 9<>"$fifo" 8<"$fifo" && rm "$fifo" || exit 1
mine=$(readlink /proc/$$/ns/net)
(
  exec >/dev/null 2>&1 3>&- 4<&- 5<&- 6<&- 9<&-
  while [ "$(readlink /proc/$$/ns/net)" = "$mine" ] || { [ -e /proc/$$ ] && [ -z "$(cat /proc/$$/uid_map)" ]; }; do sleep 0.01; done
  exec "$slirp" ${OPTIONS.join(' ')} --cidr="$addresses" --exit-fd=8 ${whose} $$ ${DEVICE}
) &
exec 8<&-
exec ${unshare} /bin/sh -c ${shellWord(`
  ${FORGET}
  tries=0
  until [ "$(wc -l < /proc/self/net/route)" -gt 1 ]; do
    tries=$((tries + 1))
    [ $tries -lt 500 ] || { echo "slirp4netns made no network" >&2; exit 1; }
    sleep 0.02
  done
  ${last}`)} sh "$@"`;
