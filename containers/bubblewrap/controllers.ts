import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Ability, Limits } from '../../engine/index.ts';

/** The limit that a command ran into. */
export type LimitHit = 'memory' | 'pids';

const MIB = 1024 * 1024;
/** Microseconds; `cpu.max` and `cpu.cfs_quota_us` count in it. */
const PERIOD = 100_000;
/** Processes in a group that are not the command's: the shell that starts it, and `bwrap`. */
const OURS = 3;
/** A controller of control groups, as it is mounted here. */
export interface Controller {
  readonly ability: Ability;
  /** The directory below which groups are made. */
  readonly base: string;
  /** Where this process is: that, or below it. */
  readonly home: string;
  /** What to write for some limits: file and content, in this order. Files that are not there are passed over where they are optional. */
  settings(limits: Limits): readonly (readonly [file: string, content: string, isOptional?: boolean])[];
  /** The file that counts how often the limit was hit, and what stands before the number there. */
  readonly hits?: { readonly limit: LimitHit; readonly file: string; readonly counter: string };
}

/** The hierarchies that there are, the best first, each with its controllers; whether we can make groups in them is not known yet. */
export function hierarchies(): readonly (readonly Controller[])[] {
  const own = unifiedGroup();
  // Our own group may not have both processes and limited children: then the one above it, where that is delegated to us.
  const unified = own === undefined ? [] : [own, join(own, '..')].map((base) => UNIFIED.map((make) => make(base, own)));
  const separate = SEPARATE.flatMap(([name, make]) => {
    const base = ownGroup(
      ({ type, options }) => type === 'cgroup' && options.split(',').includes(name),
      (names) => names.split(',').includes(name),
    );
    return base === undefined ? [] : [make(base)];
  });
  return [...unified, separate];
}

/** The directory of this process's group in the unified hierarchy. */
export function unifiedGroup(): string | undefined {
  return ownGroup(
    ({ type }) => type === 'cgroup2',
    (names) => names === '',
  );
}

interface Mount {
  readonly root: string;
  readonly at: string;
  readonly type: string;
  readonly options: string;
}

/** The directory of this process's group in the hierarchy with such a mount, and such controllers (proc(5), cgroups(7)). */
function ownGroup(isMount: (mount: Mount) => boolean, isNamed: (controllers: string) => boolean): string | undefined {
  const mounts = lines('/proc/self/mountinfo').map((line): Mount => {
    const [before = '', after = ''] = line.split(' - ');
    const [, , , root = '', at = ''] = before.split(' ');
    const [type = '', , options = ''] = after.split(' ');
    return { root, at, type, options };
  });
  const mount = mounts.find(isMount);
  const path = lines('/proc/self/cgroup')
    .map((line) => /^\d+:([^:]*):(.*)$/.exec(line) ?? [])
    .find(([, controllers]) => controllers !== undefined && isNamed(controllers))?.[2];
  if (mount === undefined || path === undefined) return undefined;
  return join(mount.at, path.startsWith(mount.root) ? path.slice(mount.root.length) : path);
}

/** Whether control groups are those of the second version, and they alone. */
export function isUnified(): boolean {
  return existsSync('/sys/fs/cgroup/cgroup.controllers');
}

function lines(path: string): readonly string[] {
  try {
    return readFileSync(path, 'utf8').split('\n').filter(Boolean);
  } catch {
    return [];
  }
}

/** Whether a group can be made with limits: one named `trial` is made and removed. */
export function works(controller: Controller, trial: string): boolean {
  const dir = join(controller.base, trial);
  try {
    mkdirSync(dir);
    apply(controller, dir, { memoryMiB: 64, cpus: 1, pids: 64 });
    if (controller.hits !== undefined) countIn(join(dir, controller.hits.file), controller.hits.counter);
    return true;
  } catch {
    return false;
  } finally {
    removeGroup(dir);
  }
}

/** Writes the limits that a controller knows. */
export function apply({ settings }: Pick<Controller, 'settings'>, dir: string, limits: Limits): void {
  for (const [file, content, isOptional = false] of settings(limits)) {
    try {
      writeFileSync(join(dir, file), content, { flag: 'r+' });
    } catch (error) {
      if (!isOptional) throw error;
    }
  }
}

/** The number that stands after a word in a file; 0 where it does not. */
export function countIn(path: string, counter: string): number {
  const line = readFileSync(path, 'utf8')
    .split('\n')
    .find((one) => one.startsWith(`${counter} `));
  return Number(line?.slice(counter.length + 1) ?? 0);
}

/** Whether it is gone: it stays as long as anything runs in it. */
export function removeGroup(dir: string): boolean {
  try {
    rmdirSync(dir);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
}

const UNIFIED: readonly ((base: string, home: string) => Controller)[] = [
  (base, home) => ({
    ability: 'memory-limit',
    base,
    home,
    settings: ({ memoryMiB }) => [
      ['memory.max', String(memoryMiB * MIB)],
      ['memory.swap.max', '0', true],
    ],
    hits: { limit: 'memory', file: 'memory.events', counter: 'oom_kill' },
  }),
  (base, home) => ({ ability: 'cpu-limit', base, home, settings: ({ cpus }) => [['cpu.max', `${Math.round(cpus * PERIOD)} ${PERIOD}`]] }),
  (base, home) => ({
    ability: 'pids-limit',
    base,
    home,
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
      home: base,
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
      home: base,
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
      home: base,
      settings: ({ pids }) => [['pids.max', String(pids + OURS)]],
      hits: { limit: 'pids', file: 'pids.events', counter: 'max' },
    }),
  ],
];
