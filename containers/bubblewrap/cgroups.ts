import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import {
  type Ability,
  formatProcess,
  isGone,
  type Limits,
  type ProcessIdentity,
  parseProcess,
  shellWord,
  thisProcess,
} from '../../engine/index.ts';
import { apply, type Controller, countIn, hierarchies, type LimitHit, removeGroup, works } from './controllers.ts';
import { endProcess } from './process.ts';
import { enterScope } from './scope.ts';

const PREFIX = 'atmos-';
/** How often a shell tries to remove a group, ten times a second. */
const TRIES = 300;
/** How long a process may take to be in a group that it has made, with all to spare, in milliseconds. */
const FOREIGN = 10 * 60_000;

/**
 * Makes control groups for limits: in the unified hierarchy (cgroup v2), in a scope of our own where systemd runs, else in the controllers' own (v1),
 * which takes root. What this machine lets us do is known only by trying.
 */
export class Cgroups {
  readonly abilities: readonly Ability[];
  /** How this machine would let us make those that are missing, where it is known. */
  readonly remedy: string | undefined;
  readonly #controllers: readonly Controller[];

  private constructor(controllers: readonly Controller[], remedy: string | undefined) {
    this.#controllers = controllers;
    this.abilities = controllers.map(({ ability }) => ability);
    this.remedy = this.abilities.length === 3 ? undefined : remedy;
  }

  static async find(): Promise<Cgroups> {
    const remedy = await enterScope();
    const all = hierarchies();
    // Those that turn out to be of no use, too: another process may have been killed when it tried them.
    for (const base of new Set(all.flat().map(({ base: one }) => one))) sweep(base);
    const tried = all.map((controllers) => controllers.filter((one) => works(one, nameOf('trial'))));
    // Of two that can do as much, the first.
    const found = tried.reduce((best, one) => (one.length > best.length ? one : best), []);
    return new Cgroups(found, remedy);
  }

  /** Removes the groups of processes that are gone: what still ran when this began may have ended by now. */
  close(): void {
    for (const base of new Set(this.#controllers.map(({ base: one }) => one))) sweep(base);
  }

  async open(): Promise<LimitGroup> {
    const group = this.name();
    await group.make();
    return group;
  }

  /** A group that is not made yet: so that it can be written down first. */
  name(): LimitGroup {
    return new LimitGroup(this.#controllers, nameOf(randomBytes(4).toString('hex')));
  }
}

/** A group of processes whose memory, CPU time and number have limits. */
export class LimitGroup {
  readonly #controllers: readonly Controller[];
  readonly #name: string;
  readonly #hits = new Map<LimitHit, number>();
  #limits: string | undefined;

  constructor(controllers: readonly Controller[], name: string) {
    this.#controllers = controllers;
    this.#name = name;
  }

  /** The kernel takes its time for each. */
  async make(): Promise<void> {
    await Promise.all(this.dirs.map((dir) => mkdir(dir)));
  }

  /** Commands of a shell that put that shell into the group, or end it. */
  get join(): string {
    return this.dirs.map((dir) => `echo $$ > ${shellWord(`${dir}/cgroup.procs`)} || exit 1; `).join('');
  }

  /** Commands of a shell that get out of the group, end what else runs in it, and remove it. */
  get end(): string {
    const kill = 'while read pid; do kill -KILL "$pid"; done < "$dir/cgroup.procs"';
    const tries = `try=0; while [ -d "$dir" ] && [ $try -lt ${TRIES} ]; do ${kill}; rmdir "$dir" && break; try=$((try+1)); sleep 0.1; done`;
    const homes = new Map(this.#controllers.map(({ base, home }) => [join(base, this.#name), home]));
    return [...homes].map(([dir, home]) => `dir=${shellWord(dir)}; echo 0 > ${shellWord(`${home}/cgroup.procs`)}; ${tries}; `).join('');
  }

  /** Puts a process into the group; what it starts from then on is in it too. */
  add(pid: number): void {
    for (const dir of this.dirs) writeFileSync(join(dir, 'cgroup.procs'), String(pid));
  }

  /** Ends all that runs in it. */
  kill(): void {
    for (const dir of this.dirs) for (const pid of pidsIn(dir)) endProcess(pid);
  }

  set(limits: Limits): void {
    const wanted = JSON.stringify(limits);
    if (wanted === this.#limits) return;
    for (const controller of this.#controllers) apply(controller, join(controller.base, this.#name), limits);
    this.#limits = wanted;
  }

  /** Which limit was hit since this was asked last. */
  hit(): LimitHit | undefined {
    let found: LimitHit | undefined;
    for (const { base, hits } of this.#controllers) {
      if (hits === undefined) continue;
      const count = countIn(join(base, this.#name, hits.file), hits.counter);
      if (count > (this.#hits.get(hits.limit) ?? 0)) found ??= hits.limit;
      this.#hits.set(hits.limit, count);
    }
    return found;
  }

  /**
   * Once nothing runs in it any more: a process leaves its group after it closed its files, and later if it has used up its processor time. Where that
   * takes more than a second, as on a machine that has too much to do, a shell goes on with it, which keeps nobody waiting.
   */
  async remove(): Promise<void> {
    let left = this.dirs;
    for (let wait = 1; wait <= 512; wait *= 2) {
      left = left.filter((dir) => !removeGroup(dir));
      if (left.length === 0) return;
      await setTimeout(wait);
    }
    spawn('/bin/sh', ['-c', `{ ${this.end}} 2>/dev/null`], {
      env: { PATH: process.env.PATH ?? '' },
      detached: true,
      stdio: 'ignore',
    }).unref();
  }

  /** Where it lies, in each hierarchy. */
  get dirs(): readonly string[] {
    return [...new Set(this.#controllers.map(({ base }) => join(base, this.#name)))];
  }
}

/** Says whose it is, so that it can be removed when that one is gone. */
function nameOf(suffix: string): string {
  return `${PREFIX}${formatProcess(thisProcess())}-${suffix}`;
}

/** Whether a group has the name of one of ours whose process is gone. */
export function isAbandoned(name: string): boolean {
  const owner = ownerOf(name);
  return owner !== undefined && isGone(owner);
}

/** The process that a group's name says it is of; `undefined` where it is none of ours. */
function ownerOf(name: string): ProcessIdentity | undefined {
  return name.startsWith(PREFIX) ? parseProcess(name.slice(PREFIX.length).replace(/-\w+$/, '')) : undefined;
}

/**
 * Removes the groups of processes that are gone. Of one in another pid namespace that can't be told, but while it lives a group has a process of its: an
 * empty one that is older than `age`, in milliseconds, nobody needs. The kernel removes no group that has processes.
 */
export function sweep(base: string, age = FOREIGN): void {
  for (const name of existsSync(base) ? readdirSync(base) : []) {
    const dir = join(base, name);
    if (isAbandoned(name) || (isForeign(name) && isOlder(dir, age))) removeGroup(dir);
  }
}

/** Whether a group has the name of one of ours whose process other processes of ours can't see. */
function isForeign(name: string): boolean {
  const owner = ownerOf(name);
  return owner !== undefined && owner.machine !== thisProcess().machine;
}

function isOlder(dir: string, age: number): boolean {
  const { ctimeMs = Number.POSITIVE_INFINITY } = statSync(dir, { throwIfNoEntry: false }) ?? {};
  return Date.now() - ctimeMs >= age;
}

/** The processes in a group; none where it is gone. */
function pidsIn(dir: string): readonly number[] {
  try {
    return readFileSync(join(dir, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}
