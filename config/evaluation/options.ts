import type { AtmosError } from '../../engine/index.ts';
import type { ScopedComponent } from '../model/scope.ts';

/** What a kind says is wrong with a component whose settings hold: a text, or an error with a place of its own; `undefined` where nothing is. */
export type Examine = (component: ScopedComponent) => Promise<AtmosError | string | undefined>;

export interface ResolveOptions {
  /** What `{{ git.… }}` says, asked when a template asks; `undefined` outside of a Git repository or before its first commit. */
  readonly git: () => GitFacts | undefined;
  /** The address of the remote, for `!git.url` and its like; `undefined` where there is none. */
  readonly remote: () => string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The same of one variable, without its being noted that it was read; `env` where it is absent. */
  readonly peek?: (variable: string) => string | undefined;
  /** Learns the values of what is secret, before anything is evaluated: errors may have them. */
  readonly hide?: (values: readonly string[]) => void;
  /** Why `!exec` runs nothing for this; absent where it may. */
  readonly noExec?: string;
  /** The directory that paths are relative to, absolute: where `!exec` runs. `!repo-root` gives the Git repository's, which it is in. */
  readonly root: string;
  /** Asked of each component by `validateDeployments`. */
  readonly examine?: Examine;
  /** Origins tell what each value replaced, too. */
  readonly history?: boolean;
}

/** The commit that configuration is read for. */
export interface GitFacts {
  readonly sha: string;
  readonly short_sha: string;
  readonly branch: string;
}
