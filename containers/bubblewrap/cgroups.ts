import { mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Ability, formatProcess, isGone, type Limits, parseProcess, thisProcess } from '../../engine/index.ts';
import { quote } from '../kept.ts';

/** The limit that a command ran into. */
export type LimitHit = 'memory' | 'pids';

const MIB = 1024 * 1024;
/** Microseconds; `cpu.max` and `cpu.cfs_quota_us` count in it. */
const PERIOD = 100_000;
/** Processes in a group that are not the command's: the shell that starts it, and `bwrap`. */
const OURS = 3;
const PREFIX = 'atmos-';

/** A controller of control groups, as it is mounted here. */
interface Controller {
  readonly ability: Ability;
  /** The directory below which groups are made. */
  readonly base: string;
  /** What to write for some limits: file and content, in this order. Files that are not there are passed over where they are optional. */
  settings(limits: Limits): readonly (readonly [file: string, content: string, isOptional?: boolean])[];
  /** The file that counts how often the limit was hit, and what stands before the number there. */
  readonly hits?: { readonly limit: LimitHit; readonly file: string; readonly counter: string };
}

/**
 * Makes control groups for limits: in the unified hierarchy (cgroup v2) where it is delegated to us, else in the controllers' own (v1), which takes root.
 * What this machine lets us do is known only by trying.
 */
export class Cgroups {
  readonly abilities: readonly Ability[];
  readonly #controllers: readonly Controller[];
  #made = 0;

  private constructor(controllers: readonly Controller[]) {
    this.#controllers = controllers;
    this.abilities = controllers.map(({ ability }) => ability);
  }

  static find(): Cgroups {
    // Of two that can do as much, the first.
    const found = candidates().reduce((best, one) => (one.length > best.length ? one : best), []);
    for (const base of new Set(found.map(({ base: one }) => one))) sweep(base);
    return new Cgroups(found);
  }

  /** Removes the groups of processes that are gone: what still ran when this began may have ended by now. */
  close(): void {
    for (const base of new Set(this.#controllers.map(({ base: one }) => one))) sweep(base);
  }

  open(): LimitGroup {
    this.#made += 1;
    return new LimitGroup(this.#controllers, `${PREFIX}${formatProcess(thisProcess())}-${this.#made}`);
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
    for (const dir of this.dirs) mkdirSync(dir);
  }

  /** Commands of a shell that put that shell into the group, or end it. */
  get join(): string {
    return this.dirs.map((dir) => `echo $$ > ${quote(`${dir}/cgroup.procs`)} || exit 1; `).join('');
  }

  /** Puts a process into the group; what it starts from then on is in it too. */
  add(pid: number): void {
    for (const dir of this.dirs) writeFileSync(join(dir, 'cgroup.procs'), String(pid));
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

  /** Once nothing runs in it any more; what still does keeps it, and the next command removes it. */
  remove(): void {
    for (const dir of this.dirs) removeGroup(dir);
  }

  /** Where it lies, in each hierarchy. */
  get dirs(): readonly string[] {
    return [...new Set(this.#controllers.map(({ base }) => join(base, this.#name)))];
  }
}

function apply({ settings }: Pick<Controller, 'settings'>, dir: string, limits: Limits): void {
  for (const [file, content, isOptional = false] of settings(limits)) {
    try {
      writeFileSync(join(dir, file), content, { flag: 'r+' });
    } catch (error) {
      if (!isOptional) throw error;
    }
  }
}

function countIn(path: string, counter: string): number {
  const line = readFileSync(path, 'utf8')
    .split('\n')
    .find((one) => one.startsWith(`${counter} `));
  return Number(line?.slice(counter.length + 1) ?? 0);
}

/** Whether a group has the name of one of ours whose process is gone. */
export function isAbandoned(name: string): boolean {
  const owner = name.startsWith(PREFIX) ? parseProcess(name.slice(PREFIX.length).replace(/-\w+$/, '')) : undefined;
  return owner !== undefined && isGone(owner);
}

/** Removes the groups of processes that are gone. */
function sweep(base: string): void {
  for (const name of readdirSync(base)) {
    if (isAbandoned(name)) removeGroup(join(base, name));
  }
}

function removeGroup(dir: string): void {
  try {
    rmdirSync(dir);
  } catch {
    // Something that changes the world still runs in it.
  }
}

/** The hierarchies that there are, the best first, each with the controllers in which we can make groups. */
function candidates(): readonly (readonly Controller[])[] {
  const mounts = lines('/proc/self/mountinfo').map((line) => {
    const [before = '', after = ''] = line.split(' - ');
    return {
      root: before.split(' ')[3] ?? '',
      at: before.split(' ')[4] ?? '',
      type: after.split(' ')[0],
      options: after.split(' ')[2] ?? '',
    };
  });
  const groups = lines('/proc/self/cgroup').map((line) => /^\d+:([^:]*):(.*)$/.exec(line) ?? []);
  const baseOf = (mount: { root: string; at: string } | undefined, path: string | undefined): string | undefined =>
    mount === undefined || path === undefined
      ? undefined
      : join(mount.at, path.startsWith(mount.root) ? path.slice(mount.root.length) : path);
  const own = baseOf(
    mounts.find(({ type }) => type === 'cgroup2'),
    groups.find(([, names]) => names === '')?.[2],
  );
  // Our own group may not have both processes and limited children: then the one above it, where that is delegated to us.
  const unified = own === undefined ? [] : [own, join(own, '..')].map((base) => UNIFIED.map((make) => make(base)));
  const separate = SEPARATE.flatMap(([name, make]) => {
    const mount = mounts.find(({ type, options }) => type === 'cgroup' && options.split(',').includes(name));
    const base = baseOf(mount, groups.find(([, names]) => names?.split(',').includes(name))?.[2]);
    return base === undefined ? [] : [make(base)];
  });
  return [...unified, separate].map((controllers) => controllers.filter(works));
}

function lines(path: string): readonly string[] {
  try {
    return readFileSync(path, 'utf8').split('\n').filter(Boolean);
  } catch {
    return [];
  }
}

/** Whether a group can be made with limits. */
function works(controller: Controller): boolean {
  const dir = join(controller.base, `${PREFIX}${formatProcess(thisProcess())}-trial`);
  try {
    mkdirSync(dir, { recursive: false });
    apply(controller, dir, { memoryMiB: 64, cpus: 1, pids: 64 });
    if (controller.hits !== undefined) countIn(join(dir, controller.hits.file), controller.hits.counter);
    return true;
  } catch {
    return false;
  } finally {
    removeGroup(dir);
  }
}

const UNIFIED: readonly ((base: string) => Controller)[] = [
  (base) => ({
    ability: 'memory-limit',
    base,
    settings: ({ memoryMiB }) => [
      ['memory.max', String(memoryMiB * MIB)],
      ['memory.swap.max', '0', true],
    ],
    hits: { limit: 'memory', file: 'memory.events', counter: 'oom_kill' },
  }),
  (base) => ({ ability: 'cpu-limit', base, settings: ({ cpus }) => [['cpu.max', `${Math.round(cpus * PERIOD)} ${PERIOD}`]] }),
  (base) => ({
    ability: 'pids-limit',
    base,
    settings: ({ pids }) => [['pids.max', String(pids + OURS)]],
    hits: { limit: 'pids', file: 'pids.events', counter: 'max' },
  }),
];

const SEPARATE: readonly (readonly [name: string, make: (base: string) => Controller])[] = [
  [
    'memory',
    (base) => ({
      ability: 'memory-limit',
      base,
      settings: ({ memoryMiB }) => [
        ['memory.memsw.limit_in_bytes', '-1', true],
        ['memory.limit_in_bytes', String(memoryMiB * MIB)],
        ['memory.memsw.limit_in_bytes', String(memoryMiB * MIB), true],
      ],
      hits: { limit: 'memory', file: 'memory.oom_control', counter: 'oom_kill' },
    }),
  ],
  [
    'cpu',
    (base) => ({
      ability: 'cpu-limit',
      base,
      settings: ({ cpus }) => [
        ['cpu.cfs_period_us', String(PERIOD)],
        ['cpu.cfs_quota_us', String(Math.round(cpus * PERIOD))],
      ],
    }),
  ],
  [
    'pids',
    (base) => ({
      ability: 'pids-limit',
      base,
      settings: ({ pids }) => [['pids.max', String(pids + OURS)]],
      hits: { limit: 'pids', file: 'pids.events', counter: 'max' },
    }),
  ],
];
