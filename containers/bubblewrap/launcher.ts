import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import type { Readable, Writable } from 'node:stream';
import { type Limits, shellWord } from '../../engine/index.ts';
import type { Cgroups, LimitGroup } from './cgroups.ts';
import type { LimitHit } from './controllers.ts';
import type { Networks } from './network.ts';
import { ended, FORGET } from './process.ts';
import { Section } from './section.ts';

/** Where what a command writes goes. */
export interface Sinks {
  stdout(chunk: Buffer): void;
  stderr(chunk: Buffer): void;
  /** File descriptor 3. */
  status(chunk: Buffer): void;
}

/**
 * If we go without a word, file descriptor 4 ends, and so does the shell; and what it runs ends with it, if it wants to die with its parent. What
 * doesn't is ended too: a sandbox whose maker died before it told it to go on waits for ever, in the shell's control group and process group; and one
 * whose command is another user than its maker does not die with it. Makers are stopped first, so that they make nothing more.
 */
const watch = (group: LimitGroup): string =>
  `(read word && exit; ${END_CHILDREN}kill -KILL $$; ${group.end}kill -KILL 0) 2>/dev/null <&4 & exec 4<&-\n`;

/** Ends what the children of a shell have started; of its children, all but the one that does this. */
const END_CHILDREN = [
  "me=$(exec /bin/sh -c 'echo $PPID')",
  'for one in $(cat /proc/$$/task/$$/children); do [ $one = $me ] || { kill -STOP $one; kill -KILL $(cat /proc/$one/task/$one/children) $one; }; done; ',
].join('; ');

/** What a command may not do: beside what its sandbox lacks. */
export interface Confinement {
  /** The file with the seccomp filter, which it finds at `FILTER_FD`; `undefined` for none. */
  readonly filter: string | undefined;
  /** Enforced as far as this machine lets us. */
  readonly limits: Limits;
  readonly network: Network;
}

/** A network of its own from which the world is reached; none, or the machine's. */
export type Network = Networks | 'none' | 'host';

/** The file descriptor at which a command finds the seccomp filter. */
export const FILTER_FD = 4;
/** The one at which it finds words that are nobody else's business, each with a zero byte at its end. */
export const WORDS_FD = 6;

/**
 * The beginning of a pipeline of POSIX's shell that hands words on to the command behind it. They are in no process's arguments or environment: the
 * shell writes them itself.
 */
export const say = (words: readonly string[]): string => `printf '%s\\0' ${words.map(shellWord).join(' ')}`;

/** The command that runs another one in a network that has nothing but a loopback. */
type Apart = (argv: readonly string[]) => readonly string[];

interface LauncherOptions {
  readonly prelude?: string;
  readonly path?: string;
  readonly apart?: Apart | undefined;
}

/**
 * Starts commands through small shells that stay: a process is started by copying the one that starts it, and ours is large. A shell runs one command
 * at a time; there are as many as commands ever ran at once.
 */
export class Launcher {
  /** By what they run in. */
  readonly #idle = new Map<Network, Shell[]>();
  readonly #all = new Set<Shell>();
  readonly #prepared: Promise<Shell>[] = [];
  readonly #cgroups: Cgroups;
  readonly #prelude: string;
  readonly #path: string;
  readonly #apart: Apart | undefined;

  /**
   * `prelude`: what a shell does before its first command. `path`: any shell of POSIX's language. `apart`: how one enters a network that has nothing but a
   * loopback; where that is not known, commands without a network have to leave the machine's themselves.
   */
  constructor(cgroups: Cgroups, { prelude = '', path = '/bin/sh', apart }: LauncherOptions = {}) {
    this.#cgroups = cgroups;
    this.#prelude = prelude;
    this.#path = path;
    this.#apart = apart;
  }

  /** Whether what is run without a network is started outside of the machine's: one network serves a shell's commands, which run one after the other. */
  get isApart(): boolean {
    return this.#apart !== undefined;
  }

  /**
   * Runs a command to its end, in a session that no terminal's Ctrl-C reaches. It has an empty environment, and reads nothing but the filter and
   * `words`. Its parent ends with this process, however that ends. Returns the limit that it ran into.
   */
  async run(argv: readonly string[], words: readonly string[], confinement: Confinement, sinks: Sinks): Promise<LimitHit | undefined> {
    const network = confinement.network === 'none' && !this.isApart ? 'host' : confinement.network;
    const idle = this.#idle.get(network) ?? [];
    this.#idle.set(network, idle);
    let shell = idle.pop();
    // One that died while it had nothing to do starts nothing any more.
    while (shell?.isOver === true) shell = idle.pop();
    shell ??= (await this.#takePrepared(network)) ?? (await this.#start(network));
    const hit = await shell.run(argv, words, confinement, sinks);
    idle.push(shell);
    return hit;
  }

  /** What commands without a network run in. */
  get #usual(): Network {
    return this.isApart ? 'none' : 'host';
  }

  async #takePrepared(network: Network): Promise<Shell | undefined> {
    if (network !== this.#usual) return undefined;
    const shell = await this.#prepared.shift()?.catch(() => undefined);
    return shell?.isOver === true ? undefined : shell;
  }

  /** Starts shells before there are commands for them: entering its control groups takes a shell longer than all else. */
  prepare(count: number): void {
    for (let index = 0; index < count; index += 1) {
      const started = this.#start(this.#usual);
      this.#prepared.push(started);
      // What is wrong with it is wrong with the next one, too, which somebody waits for.
      started.catch(() => undefined);
    }
  }

  async #start(network: Network): Promise<Shell> {
    const argv =
      network === 'host' ? [this.#path] : network === 'none' ? (this.#apart as Apart)([this.#path]) : network.enter([this.#path]);
    const shell = new Shell(argv, await this.#cgroups.open(), this.#prelude, typeof network === 'string' ? undefined : network);
    this.#all.add(shell);
    return shell;
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#prepared);
    await Promise.all([...this.#all].map((shell) => shell.close()));
  }
}

class Shell {
  readonly #group: LimitGroup;
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  readonly #network: Promise<{ close(): void } | undefined>;
  #sections: { take(chunk: Buffer): void; lost(): void }[] = [];
  #isOver = false;
  #isClosing = false;

  constructor([command = '', ...args]: readonly string[], group: LimitGroup, prelude: string, networks: Networks | undefined) {
    this.#group = group;
    this.#child = spawn(command, args, { env: {}, detached: true, stdio: ['pipe', 'pipe', 'pipe', 'pipe', 'pipe'] });
    this.#ended = ended(this.#child).catch(() => undefined);
    const over = (): void => {
      this.#isOver = true;
      for (const section of this.#sections) section.lost();
    };
    // Its watcher may hold its pipes open for longer; what could not be started does not exit.
    this.#child.once('exit', () => {
      if (!this.#isClosing) group.kill();
      over();
    });
    void this.#ended.then(over);
    for (const index of [1, 2, 3]) {
      (this.#child.stdio[index] as Readable).on('data', (chunk: Buffer) => this.#sections[index - 1]?.take(chunk));
    }
    // Whoever waits for a command learns of the shell's end by `close`.
    for (const input of [this.#child.stdin, this.#child.stdio[4] as Writable]) input?.on('error', () => undefined);
    const { pid } = this.#child;
    this.#network = networks === undefined || pid === undefined ? Promise.resolve(undefined) : networks.connect(pid);
    this.#network.catch(() => undefined);
    this.#child.stdin?.write(`${group.join}\n${watch(group)}${prelude}`);
  }

  /** Whether it has ended, for whatever reason. */
  get isOver(): boolean {
    return this.#isOver;
  }

  async run(
    argv: readonly string[],
    words: readonly string[],
    { filter, limits }: Confinement,
    sinks: Sinks,
  ): Promise<LimitHit | undefined> {
    await this.#network;
    if (this.#isOver) throw new Error('the shell that was to start it was ended');
    this.#group.set(limits);
    // The command can't know it, so it can't write it.
    const mark = Buffer.from(randomBytes(16).toString('hex'));
    const ends = [sinks.stdout, sinks.stderr, sinks.status].map(
      (sink) =>
        new Promise<void>((resolve, reject) => {
          const section = new Section(mark, sink, resolve);
          this.#sections.push({
            take: (chunk) => section.take(chunk),
            lost: () => reject(new Error('the shell that started it was ended')),
          });
        }),
    );
    const marks = [1, 2, 3].map((fd) => `; printf ${mark} >&${fd}`).join('');
    const command = `(exec ${WORDS_FD}<&0 </dev/null ${FILTER_FD}<${shellWord(filter ?? '/dev/null')}; ${FORGET}; exec ${argv.map(shellWord).join(' ')})`;
    this.#child.stdin?.write(`${say(words)} | ${command}${marks}\n`);
    try {
      await Promise.all(ends);
      return this.#group.hit();
    } finally {
      this.#sections = [];
    }
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    (this.#child.stdio[4] as Writable).end('\n');
    this.#child.stdin?.end();
    await this.#ended;
    (await this.#network.catch(() => undefined))?.close();
    await this.#group.remove();
  }
}
