import type { ConfigFiles, Project, TextCache } from '../../config/index.ts';
import type { AtmosError, GrowingMask, Store } from '../../engine/index.ts';
import type { ProviderSources } from '../../phases/index.ts';
import type { Ledger, Locks, Refs, Repository, Stop } from '../../tracking/index.ts';
import type { Events } from './events.ts';
import type { WorkspaceKinds } from './kinds.ts';

/** A repository on this machine, with its configuration, its cache and, asked when needed, its Git. */
export interface Workspace {
  /** Absolute, without links. */
  readonly root: string;
  /** Another `atmos.yaml` than the root's, as it was asked for. */
  readonly configFile: string | undefined;
  readonly files: ConfigFiles;
  readonly project: Project;
  /** The kinds of components that there are. */
  readonly kinds: WorkspaceKinds;
  readonly store: Store;
  readonly cache: TextCache;
  /** What was found out before, by key: as safe to delete. */
  readonly answers: { get(key: string): Promise<string | undefined>; put(key: string, text: string): Promise<void> };
  readonly providers: ProviderSources;
  /** Directory of local states. */
  readonly stateRoot: string;
  /** Directory of what changes the world just now. */
  readonly runsRoot: string;
  /** Directory of what earlier commands did: see `journal.ts`. */
  readonly logsRoot: string;
  /** Where the files of nodes that failed are kept, if they are to be. */
  readonly keepRoot: string;
  /** Directory of outcomes that could not be recorded yet. */
  readonly outcomesRoot: string;
  /** What happens, for whoever shows it. */
  readonly events: Events;
  /** Tells the user something that is no error. */
  readonly warn: (what: string | AtmosError) => void;
  /** Learns of all that is secret: whoever shows something masks it. */
  readonly mask: GrowingMask;
  /** From now on these signals also stop what waits for the remote. */
  stopBy(stop: Stop): void;
  /** @throws AtmosError `not-a-git-repository`, `git-missing` */
  tracking(): Promise<Tracking>;
  close(): Promise<void>;
}

/** The Git side of a workspace. */
export interface Tracking {
  readonly repository: Repository;
  /** The workspace's root, relative to the Git repository's; `''` when they are the same. */
  readonly prefix: string;
  readonly remote: string | undefined;
  readonly refs: Refs;
  readonly ledger: Ledger;
  readonly locks: Locks;
}
