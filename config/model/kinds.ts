import type { AtmosError, Position } from '../../engine/index.ts';

/** What configuration must know of a kind of components: plain data. Whoever has a kind gives it; configuration itself knows none by name. */
export interface KindSpec {
  /** `<kind>` of the addresses of its components: lower-case letters, digits and hyphens. */
  readonly name: string;
  /** Whether stacks of Atmos have such components: then each is of a stack. */
  readonly inStacks: boolean;
  /** Whether its source is a Terraform root module: with variables and outputs that it declares, and a state in a backend. */
  readonly isModule: boolean;
  /** Whether its nodes are given the environment that its section `env` says. */
  readonly hasEnvironment: boolean;
  /** Where its source is: below `components.<kind>.base_path`, or in the directory that `vars.source` names. */
  readonly source: 'base-path' | 'vars';
  /** What others can read of it: outputs that it has once it is rolled out, or an image that is built before. */
  readonly produces: 'outputs' | 'image' | 'nothing';
  /** The value of the section `command` where nobody sets it. */
  readonly command?: string;
  /** The values that it may have. Absent: any. */
  readonly commands?: readonly string[];
  /** What `settings.<kind>` may hold, by key. Absent: anything. */
  readonly settings?: Readonly<Record<string, SettingSpec>>;
  /** The key of `settings.<kind>` that lists the names of its outputs. Absent: its source says them. */
  readonly outputs?: string;
}

/** What the value of a setting may be: a string, a list of strings, a list of paths relative to the root, true or false, one of some strings. */
export interface SettingSpec {
  readonly type: 'string' | 'strings' | 'paths' | 'boolean' | readonly string[];
  readonly required?: true;
  /** Other settings that it makes no sense without. */
  readonly needs?: string | readonly string[];
}

/** The kinds that there are, by name. */
export type KindSpecs = Readonly<Record<string, KindSpec>>;

/** A kind that an npm package has, as `deployments.kinds` of `atmos.yaml` names it. */
export interface KindPackage {
  readonly kind: string;
  /** The name of the package. */
  readonly package: string;
  /** Where it is named. */
  readonly position?: Position;
}

/** Where kinds come from. */
export interface KindSource {
  /** Those that come with the program. */
  readonly builtIn: KindSpecs;
  /** Loads those of packages, or says what is wrong with one: whoever has a component of that kind is told. */
  load(packages: readonly KindPackage[]): Promise<Readonly<Record<string, KindSpec | AtmosError>>>;
}

/** What is known of a kind of a package of which nothing but its name is known. */
export function namedOnly(name: string): KindSpec {
  return { name, inStacks: false, isModule: false, hasEnvironment: false, source: 'base-path', produces: 'nothing' };
}

/** What stands in the place of a kind where a need is not of a component of the deployment: no kind is called so. */
export const OTHER_NEEDS = { read: 'read', store: 'store' } as const;
