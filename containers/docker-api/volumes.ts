import { randomBytes } from 'node:crypto';
import type Docker from 'dockerode';
import { AtmosError, type Digest, hex, isGone, type NodeIo, packTree, parseProcess, type ResolvedExec } from '../../engine/index.ts';
import type { Engine } from './connect.ts';
import { ignoreMissing, labels, OWNER, TREE } from './labels.ts';
import { isLostConnection, within } from './wait.ts';

/** On volumes that hold a tree: who of several that wanted it at once is to fill it. */
const FILLER = 'dev.atmos.deployment.filler';

/** Bytes from which on an input stays on an engine: to place a smaller one anew costs less than to look for it. */
const LARGE = 8 * 1024 * 1024;
/** Milliseconds that an engine may take to remove a volume. */
const REMOVAL = 5_000;
/** Milliseconds that it stays there. */
const KEPT = 7 * 24 * 60 * 60 * 1000;

/** Puts an archive's files under `/tree` of a volume. */
type Fill = (volume: string, archive: NodeJS.ReadableStream) => Promise<void>;

/**
 * Input trees as volumes of an engine that does not see our file system: each is placed once a run, and a large one once for all runs and processes,
 * under a name made of its digest. A second volume says that the first is whole: an engine makes each at once, and tells who made it.
 */
export class InputVolumes {
  readonly #docker: Docker;
  readonly #known = new Map<Digest, Promise<Placed>>();

  constructor({ docker }: Engine) {
    this.#docker = docker;
  }

  volumeOf(step: ResolvedExec, tree: Digest, io: NodeIo, fill: Fill): Promise<Placed> {
    const known = this.#known.get(tree) ?? this.#place(step, tree, io, fill);
    this.#known.set(tree, known);
    known.catch(() => this.#known.delete(tree));
    return known;
  }

  async #place(step: ResolvedExec, digest: Digest, io: NodeIo, fill: Fill): Promise<Placed> {
    const tree = await io.store.tree(digest);
    const archive = (): NodeJS.ReadableStream => packTree(tree, (content, size) => io.store.read(content, size), { at: 'tree' });
    const size = tree.entries.reduce((total, entry) => total + entry.size, 0);
    if (size >= LARGE && !io.store.isEphemeral(digest)) {
      const shared = await this.#share(step, digest, (name) => fill(name, archive()));
      if (shared) return { name: nameOf(digest), isOwn: false };
    }
    const name = `atmos-${randomBytes(12).toString('hex')}`;
    await this.#docker.createVolume({ Name: name, Labels: labels(step.id) });
    await fill(name, archive());
    return { name, isOwn: true };
  }

  /** False while another process fills it. */
  async #share(step: ResolvedExec, digest: Digest, fill: (name: string) => Promise<void>): Promise<boolean> {
    const name = nameOf(digest);
    for (;;) {
      if (await this.#isWhole(digest)) return true;
      const filler = randomBytes(12).toString('hex');
      await this.#create(name, { ...labels(step.id), [TREE]: digest, [FILLER]: filler });
      const found = await labelsOf(this.#docker, name);
      if (found?.[FILLER] === filler) break;
      const owner = parseProcess(found?.[OWNER] ?? '');
      if (owner !== undefined && !isGone(owner)) return false;
      // It was killed while it filled it.
      await ignoreMissing(this.#docker.getVolume(name).remove());
    }
    try {
      await fill(name);
      await this.#create(wholeOf(name), { [TREE]: digest });
      return true;
    } catch (error) {
      await ignoreMissing(this.#docker.getVolume(name).remove());
      throw error;
    }
  }

  async #isWhole(digest: Digest): Promise<boolean> {
    const name = nameOf(digest);
    const [volume, mark] = await Promise.all([labelsOf(this.#docker, name), labelsOf(this.#docker, wholeOf(name))]);
    return volume?.[TREE] === digest && mark?.[TREE] === digest;
  }

  async #create(name: string, own: Record<string, string>): Promise<void> {
    await ignoreMissing(this.#docker.createVolume({ Name: name, Labels: own }));
  }

  /**
   * To be called when a container has the volumes: from then on they stay. An engine makes one that was removed in between anew, and empty.
   * @throws AtmosError `input-gone`
   */
  async check(trees: readonly Digest[]): Promise<void> {
    for (const tree of new Set(trees)) {
      const placed = await this.#known.get(tree);
      if (placed === undefined || placed.isOwn || (await this.#isWhole(tree))) continue;
      this.#known.delete(tree);
      throw new AtmosError(`volume of input tree ${tree} was removed from the engine while it was needed`, {
        kind: 'failed',
        code: 'input-gone',
        hint: 'rerun: the volume will be created again',
      });
    }
  }

  /** Removes what is this run's alone. */
  async close(): Promise<void> {
    for (const placed of await Promise.allSettled(this.#known.values())) {
      if (placed.status !== 'fulfilled' || !placed.value.isOwn) continue;
      try {
        await within(REMOVAL, ignoreMissing(this.#docker.getVolume(placed.value.name).remove()));
      } catch (error) {
        // The next command removes what a process that is gone has left.
        if (isLostConnection(error)) return;
        throw error;
      }
    }
  }
}

export interface Placed {
  readonly name: string;
  /** It goes with this run. */
  readonly isOwn: boolean;
}

/** Removes trees that were placed long ago, and those that were never whole. One that a container has stays, as the engine sees to. */
export async function collectTrees({ docker }: Pick<Engine, 'docker'>, now = Date.now()): Promise<void> {
  const { Volumes } = await docker.listVolumes({ filters: JSON.stringify({ label: [TREE] }) });
  const all = (Volumes ?? []) as readonly {
    readonly Name: string;
    readonly CreatedAt?: string;
    readonly Labels?: Record<string, string>;
  }[];
  const names = new Set(all.map(({ Name }) => Name));
  for (const { Name, CreatedAt, Labels } of all) {
    if (Labels?.[FILLER] === undefined) {
      // A mark whose volume is gone stands for nothing.
      if (!names.has(Name.slice(0, -WHOLE.length))) await ignoreMissing(docker.getVolume(Name).remove());
      continue;
    }
    const owner = parseProcess(Labels[OWNER] ?? '');
    const isWhole = names.has(wholeOf(Name));
    const isOld = now - Date.parse(CreatedAt ?? '') > KEPT;
    if (isWhole ? !isOld : owner !== undefined && !isGone(owner)) continue;
    // The mark first: without it, nobody takes what is left for whole.
    await ignoreMissing(docker.getVolume(wholeOf(Name)).remove());
    await ignoreMissing(docker.getVolume(Name).remove());
  }
}

const WHOLE = '-whole';

function nameOf(tree: Digest): string {
  return `atmos-tree-${hex(tree).slice(0, 40)}`;
}

function wholeOf(name: string): string {
  return `${name}${WHOLE}`;
}

async function labelsOf(docker: Docker, name: string): Promise<Readonly<Record<string, string>> | undefined> {
  try {
    return (await docker.getVolume(name).inspect()).Labels ?? {};
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return undefined;
    throw error;
  }
}
