import { AtmosError } from '../../engine/index.ts';
import type { Answer } from './call.ts';
import type { Repository } from './repository.ts';

/** As `from`: wherever the ref points, if it is there at all. Only where another ref of the same update decides. */
export const ANY = 'any';

/** One step of a compare-and-swap. `undefined` is "no such ref": as `from` it must not be there yet, as `to` it is deleted. */
export interface RefUpdate {
  readonly ref: string;
  readonly from: string | undefined;
  readonly to: string | undefined;
}

/** How often a fetch is tried again when another process of this clone writes the same ref. */
const FETCHES = 20;

/**
 * Refs where they are shared: on the remote when there is one, with the local refs following it, else in this repository.
 * What a read returned is here with all its objects.
 */
export class Refs {
  readonly #repository: Repository;
  readonly #remote: string | undefined;

  constructor(repository: Repository, remote: string | undefined) {
    this.#repository = repository;
    this.#remote = remote;
  }

  /**
   * What refs point at; the patterns are whole names or end with `/*`. A ref that is not there is not in the answer.
   * @throws AtmosError `remote-unreachable`, `ledger-diverged`
   */
  async read(patterns: readonly string[]): Promise<ReadonlyMap<string, string>> {
    if (this.#remote === undefined) return this.readLocal(patterns);
    for (;;) {
      const [local, listed] = await Promise.all([this.readLocal(patterns), this.#call(['ls-remote', '--refs', this.#remote, ...patterns])]);
      if (listed.code !== 0) throw unreachable(this.#remote, listed);
      const shared = parse(listed.stdout, '\t');
      const unpublished = [...local.keys()].find((ref) => isLedger(ref) && !shared.has(ref));
      if (unpublished !== undefined) throw diverged(this.#remote, unpublished);
      const behind = [...shared].filter(([ref, id]) => local.get(ref) !== id).map(([ref]) => ref);
      // The remote may let go of a ref after it was listed, a lock for one: then what was listed is not true any more.
      if (behind.length === 0 || (await this.#fetch(this.#remote, behind))) return shared;
    }
  }

  /** What this repository knows, without asking the remote. */
  async readLocal(patterns: readonly string[]): Promise<ReadonlyMap<string, string>> {
    if (patterns.every((pattern) => !pattern.endsWith('*'))) {
      // Whole names are asked of the process that reads objects, without starting another.
      const ids = await Promise.all(patterns.map(async (ref) => [ref, await this.#repository.idOf(ref)] as const));
      return new Map(ids.flatMap(([ref, id]) => (id === undefined ? [] : [[ref, id] as const])));
    }
    const prefixes = patterns.map((pattern) => pattern.replace(/\*$/, ''));
    const { stdout } = await this.#repository.git(['for-each-ref', '--format=%(objectname) %(refname)', ...prefixes]);
    return parse(stdout, ' ');
  }

  /**
   * Moves refs together or not at all; false when one was not as expected.
   * @throws AtmosError `push-rejected`, `remote-unreachable`
   */
  async update(updates: readonly RefUpdate[]): Promise<boolean> {
    if (this.#remote === undefined) return this.#updateLocal(updates.map(instruction));
    if (!(await this.#push(this.#remote, updates))) return false;
    // The remote has decided; a local ref that another process moves meanwhile follows with the next read.
    await this.#updateLocal(updates.map(({ ref, to }) => (to === undefined ? `delete ${ref}` : `update ${ref} ${to}`)));
    return true;
  }

  async #updateLocal(instructions: readonly string[]): Promise<boolean> {
    const input = `start\n${instructions.join('\n')}\nprepare\ncommit\n`;
    const answer = await this.#call(['update-ref', '--stdin'], input);
    if (answer.code === 0) return true;
    const conflict = /cannot lock ref|reference already exists|unable to resolve reference/.test(answer.stderr);
    if (conflict && !/exists; cannot create/.test(answer.stderr)) return false;
    throw new AtmosError(`git update-ref failed: ${answer.stderr.trim()}`, { kind: 'environment', code: 'git-failed' });
  }

  async #push(remote: string, updates: readonly RefUpdate[]): Promise<boolean> {
    const leases = updates.flatMap(({ ref, from }) => (from === ANY ? [] : [`--force-with-lease=${ref}:${from ?? ''}`]));
    const refspecs = updates.map(({ ref, from, to }) => `${from === ANY ? '+' : ''}${to ?? ''}:${ref}`);
    const options = ['--porcelain', '--atomic', '--no-verify', '--no-follow-tags', '--recurse-submodules=no'];
    const answer = await this.#call(['push', ...options, ...leases, remote, ...refspecs]);
    if (answer.code === 0) return true;
    const lines = answer.stdout.toString('utf8').split('\n');
    const refused = lines.filter((line) => line.startsWith('!') && !line.includes('(atomic push failed)'));
    // What Git, its servers and the large hosts say when a ref was not as expected, or is being written.
    const conflict =
      /stale info|fetch first|non-fast-forward|failed to update ref|failed to lock|cannot lock ref|already exists|incorrect old value|transaction|does not exist/;
    if (refused.some((line) => conflict.test(line)) || /remote ref does not exist/.test(answer.stderr)) return false;
    throw refused.length > 0 ? rejected(remote, refused, answer) : unreachable(remote, answer);
  }

  /** Ledgers only move forward; the other refs go wherever the remote's are. False when the remote has one of them no more. */
  async #fetch(remote: string, refs: readonly string[]): Promise<boolean> {
    const options = ['--no-tags', '--no-prune', '--no-write-fetch-head', '--no-auto-maintenance', '--no-recurse-submodules', '--refmap='];
    const refspecs = refs.map((ref) => `${isLedger(ref) ? '' : '+'}${ref}:${ref}`);
    for (let attempt = 1; ; attempt += 1) {
      const answer = await this.#call(['fetch', ...options, remote, '--stdin'], `${refspecs.join('\n')}\n`);
      if (answer.code === 0) return true;
      const ahead = /\[rejected\].*-> (\S+)/.exec(answer.stderr)?.[1];
      if (ahead !== undefined) throw diverged(remote, ahead);
      // Another process of this clone fetches the same ref.
      const passing = /cannot lock ref|unable to update local ref|File exists/.test(answer.stderr);
      if (/couldn't find remote ref/.test(answer.stderr)) return false;
      if (!passing || attempt === FETCHES) throw unreachable(remote, answer);
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 20 * attempt));
    }
  }

  #call(args: readonly string[], input?: string): Promise<Answer> {
    const answers = Array.from({ length: 256 }, (_, code) => code);
    return this.#repository.git(args, input === undefined ? { answers } : { answers, input });
  }
}

function isLedger(ref: string): boolean {
  return ref.startsWith('refs/atmos/ledger/');
}

function instruction({ ref, from, to }: RefUpdate): string {
  if (from === ANY) return to === undefined ? `delete ${ref}` : `update ${ref} ${to}`;
  if (from === undefined) return to === undefined ? `verify ${ref}` : `create ${ref} ${to}`;
  return to === undefined ? `delete ${ref} ${from}` : `update ${ref} ${to} ${from}`;
}

/** Lines of an id, a separator, a name. */
function parse(out: Buffer, separator: string): ReadonlyMap<string, string> {
  const lines = out.toString('utf8').split('\n');
  return new Map(
    lines.flatMap((line) => {
      const [id, ref] = line.split(separator);
      return id === undefined || ref === undefined ? [] : [[ref, id] as const];
    }),
  );
}

function diverged(remote: string, ref: string): AtmosError {
  return new AtmosError(`this clone has records of ${ref} that ${remote} does not have`, {
    kind: 'failed',
    code: 'ledger-diverged',
    hint: `look at both: git log ${ref}, git ls-remote ${remote} ${ref}   To publish yours (only possible when ${remote} merely lacks them): git push ${remote} ${ref}`,
  });
}

function rejected(remote: string, lines: readonly string[], { stderr }: Answer): AtmosError {
  const reasons = [...new Set(lines.map((line) => /\(([^)]*)\)\s*$/.exec(line)?.[1] ?? line))].join(', ');
  const said = stderr.split('\n').filter((line) => line.startsWith('remote: '));
  return new AtmosError([`${remote} does not take the record: ${reasons}`, ...said].join('\n'), {
    kind: 'refused',
    code: 'push-rejected',
    hint: 'nothing was recorded; whoever administers the remote must allow writing refs/atmos/*',
  });
}

function unreachable(remote: string, { code, stderr }: Answer): AtmosError {
  return new AtmosError(`the remote "${remote}" cannot be reached: ${stderr.trim() || `exit code ${code}`}`, {
    kind: 'environment',
    code: 'remote-unreachable',
    hint: `try it: git ls-remote ${remote}   (which remote is used: deployments.tracking.remote in atmos.yaml)`,
  });
}
