import type { ComponentAddress } from '../../engine/index.ts';
import type { Delimiters, Functions, Value } from '../../gotemplate/index.ts';
import type { History, Merger } from '../../yaml/index.ts';
import type { StoreSettings } from '../project/stores.ts';
import type { Places } from './places.ts';
import type { Reads } from './reads.ts';
import type { StaticOutputs } from './static-outputs.ts';
import type { StoredOutputs } from './stored-outputs.ts';

/** What evaluating the sections of a component needs to know. */
export interface EvaluationContext {
  /** The dot of templates: `.vars`, `.context`, … */
  readonly data: Value;
  /** The components that may be read of. */
  readonly components: ReadonlySet<ComponentAddress>;
  /** Those of them that build images. */
  readonly images: ReadonlySet<ComponentAddress>;
  /** Those whose outputs are written down in the stacks. */
  readonly statics: StaticOutputs;
  /** The stacks that they are in. */
  readonly places: Places;
  /** Those that are somebody else's, and may be read of. */
  readonly reads: Reads;
  /** What they put into stores. */
  readonly stored: StoredOutputs;
  /** Functions of the host: `git`, `env`. */
  readonly functions: Functions;
  readonly host: Host;
  /** Delimiters of the templates of a file; `undefined` where its texts are no templates. */
  readonly delimitersOf: (file: string) => Delimiters | undefined;
  /** How often a template's result is taken for a template again. */
  readonly evaluations: number;
  /** Merges what YAML functions gave. */
  readonly merger: Merger;
  /** What was replaced by what, where that is asked for. */
  readonly history?: History | undefined;
}

/** What YAML functions ask of the machine and the repository. */
export interface Host {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The directory that paths are relative to, absolute. */
  readonly root: string;
  /** The directory of the Git repository, absolute. */
  readonly repository: () => string;
  readonly branch: () => string;
  readonly commit: () => string;
  /** The address of the remote; `undefined` where there is none. */
  readonly remote: () => string | undefined;
  /** The text of a file of the repository; `undefined` when there is none. @throws Error when it has to be read first */
  readonly read: (path: string) => string | undefined;
  /** The stores of `atmos.yaml`. */
  readonly stores: Readonly<Record<string, StoreSettings>>;
  /** Whether the target has secrets at all. */
  readonly hasSecrets: boolean;
  /** Whether a variable of the environment is a secret of the target. */
  readonly isSecret: (variable: string) => boolean;
  /** Whether commands may be run at all. */
  readonly mayExec: boolean;
  /** Runs a command of a shell and returns what it printed. @throws Error when it fails, or may not be run */
  readonly exec: (command: string) => string;
}
