import { AtmosError, flatName, parseAddress, prettyJson, type TargetRef } from '../engine/index.ts';
import { step } from './fold.ts';
import { type Signature, type StoredFile, writeCommit, writeTree } from './git/files.ts';
import type { Patience, Refs, RefUpdate } from './git/refs.ts';
import type { Repository } from './git/types.ts';
import { messageOf } from './message.ts';
import { checkNames } from './names.ts';
import { isOwnedBy, otherOwner } from './owner.ts';
import { emptyState, type LedgerRecord, type TargetState } from './types.ts';
import { malformed, readRecord, readState } from './upgrade.ts';

/** What refs point at, by name; a ref that is not there is not in it. */
export type RefIds = ReadonlyMap<string, string>;

/** A record, and other refs that move with it. */
export interface Entry {
  readonly record: LedgerRecord;
  readonly refs?: readonly RefUpdate[];
}

/** An entry that was appended, with the state that it leaves behind and the commit that the ledger's ref points at now. */
export interface Appended extends Entry {
  readonly state: TargetState;
  readonly commit: string;
}

export interface AppendOptions {
  /** How long a remote that does not get through is asked again. */
  readonly patience?: Patience;
  /** Other refs that the entry depends on: their ids are read with the ledger's. */
  readonly watch?: readonly string[];
  /** What the ledger's and the watched refs pointed at a moment ago: then they are read again only when that was not true any more. */
  readonly known?: RefIds;
}

/** How often an append starts again because another writer was first. */
const ATTEMPTS = 100;

/** The append-only history of deployments' targets: `refs/atmos/ledger/<deployment>/<target>`, a commit a record. */
export class Ledger {
  readonly #repository: Repository;
  readonly #refs: Refs;
  readonly #warn: (message: string) => void;
  readonly #root: string;

  /** `root`: where the deployments lie in the Git repository. */
  constructor(repository: Repository, refs: Refs, warn: (message: string) => void, root = '') {
    this.#root = root;
    this.#repository = repository;
    this.#refs = refs;
    this.#warn = warn;
  }

  /**
   * Where the targets of a deployment stand: those that are named, then whatever else has a ledger. Queries answer from this clone when the remote
   * can't be reached, and say so.
   */
  async states(deployment: string, targets: readonly string[]): Promise<readonly TargetState[]> {
    const ids = await this.#readOrRecall([`refs/atmos/ledger/${deployment}/*`]);
    const others = [...ids.keys()].map((ref) => parseLedgerRef(ref).target).filter((target) => !targets.includes(target));
    const named = targets.map((target) => this.stateIn({ deployment, target }, ids));
    const found = others.sort().map((target) => this.#stateAt({ deployment, target }, ids.get(ledgerRef({ deployment, target }))));
    return [...(await Promise.all(named)), ...(await Promise.all(found)).filter((state) => isOwnedBy(state, this.#root))];
  }

  /** The same of one target. @throws AtmosError `other-owner` */
  async lastState({ deployment, target }: TargetRef): Promise<TargetState> {
    return this.stateIn({ deployment, target }, await this.#readOrRecall([ledgerRef({ deployment, target })]));
  }

  /** Where every target of every deployment stands that has a ledger, sorted. @throws AtmosError `remote-unreachable` */
  async allStates(): Promise<readonly TargetState[]> {
    const ids = await this.#refs.read(['refs/atmos/ledger/*']);
    return Promise.all(
      [...ids]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([ref, id]) => {
          const { deployment, target } = parseLedgerRef(ref);
          return this.#stateAt({ deployment, target }, id);
        }),
    );
  }

  /** The deployments that have a ledger, sorted. */
  async deployments(): Promise<readonly string[]> {
    const ids = await this.#readOrRecall(['refs/atmos/ledger/*']);
    return [...new Set([...ids.keys()].map((ref) => parseLedgerRef(ref).deployment))].sort();
  }

  async #readOrRecall(patterns: readonly string[]): Promise<RefIds> {
    return this.#refs.read(patterns, { patience: 'query' }).catch((error: unknown) => {
      if (!(error instanceof AtmosError) || error.code !== 'remote-unreachable') throw error;
      this.#warn(`${error.message}; showing the last known state of this clone`);
      return this.#refs.readLocal(patterns);
    });
  }

  /** Where a target stands, as the remote has it. @throws AtmosError `remote-unreachable` */
  async state({ deployment, target }: TargetRef): Promise<TargetState> {
    return this.stateIn({ deployment, target }, await this.#refs.read([ledgerRef({ deployment, target })]));
  }

  /** Where a target stands by what its ledger's ref was read as. @throws AtmosError `other-owner` */
  async stateIn({ deployment, target }: TargetRef, ids: RefIds): Promise<TargetState> {
    const state = await this.#stateAt({ deployment, target }, ids.get(ledgerRef({ deployment, target })));
    if (isOwnedBy(state, this.#root)) return state;
    throw otherOwner(state, this.#root);
  }

  /**
   * Appends by compare-and-swap: when another writer was first, `build` is asked again with the new state (and may refuse by throwing).
   * All refs move together or not at all.
   */
  async append(
    deployment: string,
    target: string,
    build: (state: TargetState, ids: RefIds) => Entry | Promise<Entry>,
    { watch = [], known, patience = 'command' }: AppendOptions = {},
  ): Promise<Appended> {
    const ref = ledgerRef({ deployment, target });
    const tried: Appended[] = [];
    let ids = known;
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      ids ??= await this.#refs.read([ref, ...watch], { patience });
      const parent = ids.get(ref);
      const own = await this.#appended(tried, parent);
      if (own !== undefined) return own;
      const before = await this.stateIn({ deployment, target }, ids);
      if (parent === undefined) await this.#refuseOthers(deployment, patience);
      const entry = await build(before, ids);
      const record = { ...entry.record, root: this.#root };
      const state = step(before, record);
      const commit = await this.#write(record, state, parent);
      const appended = { ...entry, record, state, commit };
      if (await this.#refs.update([{ ref, from: parent, to: commit }, ...(entry.refs ?? [])], { patience })) return appended;
      tried.push(appended);
      ids = undefined;
    }
    throw new AtmosError(
      `failed to update the ledger of ${deployment}/${target} after ${ATTEMPTS} attempts: other commands update it at the same time`,
      {
        kind: 'failed',
        code: 'ledger-contention',
        hint: 'rerun',
      },
    );
  }

  /** A deployment has one owner, whichever of its targets are used. @throws AtmosError `other-owner` */
  async #refuseOthers(deployment: string, patience: Patience): Promise<void> {
    const ids = await this.#refs.read([`refs/atmos/ledger/${deployment}/*`], { patience });
    for (const [ref, id] of [...ids].sort(([a], [b]) => (a < b ? -1 : 1))) {
      // One that can't be read says nothing of whose it is, and is in nobody's way.
      const state = await this.#stateAt({ deployment, target: parseLedgerRef(ref).target }, id).catch(ignoreUnreadable);
      if (state !== undefined && !isOwnedBy(state, this.#root)) throw otherOwner(state, this.#root);
    }
  }

  /** One of our own entries that is in the ledger, though the answer to its push was lost: others may have come after it. */
  async #appended(tried: readonly Appended[], tip: string | undefined): Promise<Appended | undefined> {
    if (tip === undefined) return undefined;
    for (const one of tried) {
      const { code } = await this.#repository.git(['merge-base', '--is-ancestor', one.commit, tip], { answers: [0, 1, 128] });
      if (code === 0) return one;
    }
    return undefined;
  }

  /** Records, newest first. An intent is left out once its outcome is there. */
  async history({ deployment, target }: TargetRef, limit = Number.POSITIVE_INFINITY): Promise<readonly LedgerRecord[]> {
    const ref = ledgerRef({ deployment, target });
    const tip = (await this.#refs.read([ref])).get(ref);
    if (tip === undefined) return [];
    const commits = (await this.#repository.text(['rev-list', tip])).split('\n');
    const records: LedgerRecord[] = [];
    let hasOutcome = false;
    for (const commit of commits) {
      if (records.length >= limit) break;
      const record = await this.#record(commit);
      if (record.kind !== 'intent' || !hasOutcome) records.push(record);
      // Approvals may come between an intent and its outcome.
      hasOutcome = record.kind !== 'intent' && (hasOutcome || record.result !== null);
    }
    return records;
  }

  async #stateAt({ deployment, target }: TargetRef, commit: string | undefined): Promise<TargetState> {
    if (commit === undefined) return emptyState({ deployment, target });
    const name = `${ledgerRef({ deployment, target })} (${commit.slice(0, 12)})`;
    const state = await readState(await this.#readJson(commit, 'state', name), () => this.#record(commit), name);
    if (state.deployment === deployment && state.target === target) return state;
    throw malformed('state', `${name}, which is of ${state.deployment}/${state.target},`);
  }

  async #record(commit: string): Promise<LedgerRecord> {
    return readRecord(await this.#readJson(commit, 'record', commit), commit);
  }

  async #readJson(commit: string, what: 'record' | 'state', name: string): Promise<unknown> {
    const content = await this.#repository.readObject(`${commit}:${what}.json`).catch((error: unknown) => {
      if (error instanceof AtmosError && error.code === 'git-failed') throw malformed(what, name);
      throw error;
    });
    try {
      return JSON.parse(content.toString('utf8'));
    } catch {
      throw malformed(what, name);
    }
  }

  async #write(record: LedgerRecord, state: TargetState, parent: string | undefined): Promise<string> {
    const file = (value: unknown): StoredFile => ({ mode: '644', content: Buffer.from(prettyJson(value)) });
    const tree = await writeTree(
      this.#repository,
      new Map([
        ['record.json', file(record)],
        ['state.json', file(state)],
      ]),
    );
    const by: Signature = { ...record.by, at: Math.floor(Date.parse(record.at) / 1000) };
    return writeCommit(this.#repository, tree, messageOf(record), { parent, by });
  }
}

function ignoreUnreadable(error: unknown): undefined {
  if (!(error instanceof AtmosError) || (error.code !== 'malformed' && error.code !== 'unknown-version')) throw error;
}

/** @throws AtmosError `unknown-deployment`, `unknown-target` for what no name can be: Git would take it for another one's */
export function ledgerRef({ deployment, target }: TargetRef): string {
  checkNames({ deployment, target });
  return `refs/atmos/ledger/${deployment}/${target}`;
}

function parseLedgerRef(ref: string): { readonly deployment: string; readonly target: string } {
  const [, , , deployment = '', target = ''] = ref.split('/');
  return { deployment, target };
}

/** Points at the source commit that a component runs. Git can't have both a ref `a` and a ref `a/b`. */
export function componentRef({ deployment, target }: TargetRef, address: string): string {
  const { kind, name } = parseAddress(address);
  return `refs/atmos/deployments/${deployment}/${target}/${kind}/${flatName(name)}`;
}
