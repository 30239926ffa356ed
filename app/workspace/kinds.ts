import { type Examine, type KindPackage, type KindSource, type KindSpec, namedOnly } from '../../config/index.ts';
import { AtmosError } from '../../engine/index.ts';
import { loadKinds, loadPackages, SPECS } from '../../kinds/index.ts';
import type { ComponentKind, Kinds } from '../../phases/index.ts';

/** The kinds of components that a workspace has: those that come with the program, and those of packages that its `atmos.yaml` names. */
export interface WorkspaceKinds {
  /** What configuration of the working tree knows of them: packages are loaded. */
  readonly here: KindSource;
  /** What configuration of other commits knows of them: code is run that the files of the working tree name, and no other. */
  readonly elsewhere: KindSource;
  /**
   * The kinds themselves, by name: most of the program's code, which is loaded where something is to run. One that could not be loaded is not among their
   * values, and its name throws why.
   */
  load(): Promise<Kinds>;
}

/** The kinds of a repository, once its `atmos.yaml` was read by `here`. */
export function kindsAt(root: string): WorkspaceKinds {
  let packaged: Readonly<Record<string, ComponentKind | AtmosError>> = {};
  return {
    here: {
      builtIn: SPECS,
      async load(packages) {
        packaged = await loadPackages(root, packages);
        return specsOf(packaged);
      },
    },
    elsewhere: {
      builtIn: SPECS,
      async load(packages) {
        const missing = packages.filter(({ kind }) => packaged[kind] === undefined);
        packaged = { ...packaged, ...Object.fromEntries(missing.map((one) => [one.kind, notDeclaredHere(one)])) };
        return specsOf(packaged);
      },
    },
    async load() {
      const kinds: Record<string, ComponentKind> = { ...(await loadKinds()).KINDS };
      for (const [name, found] of Object.entries(packaged)) {
        if (!(found instanceof AtmosError)) kinds[name] = found;
        else
          Object.defineProperty(kinds, name, {
            get() {
              throw found;
            },
          });
      }
      return kinds;
    },
  };
}

/** For rules, which say nothing of components: kinds of packages are known by their names, and no code of them is loaded. */
export const KINDS_OF_RULES: KindSource = {
  builtIn: SPECS,
  load: async (packages) => Object.fromEntries(packages.map(({ kind }) => [kind, namedOnly(kind)])),
};

function notDeclaredHere({ kind, package: name }: KindPackage): AtmosError {
  return new AtmosError(`the commit uses kind "${kind}" from package "${name}", which the checked-out atmos.yaml does not declare`, {
    kind: 'invalid',
    code: 'kind-package',
    hint: `check out that commit, or name it here: deployments: { kinds: { ${kind}: "${name}" } }`,
  });
}

function specsOf(kinds: Readonly<Record<string, ComponentKind | AtmosError>>): Readonly<Record<string, KindSpec | AtmosError>> {
  return Object.fromEntries(Object.entries(kinds).map(([name, found]) => [name, found instanceof AtmosError ? found : found.spec]));
}

/** Has the kinds of components with settings of their own look at them, before anything runs. */
export function examineWith(kinds: Pick<WorkspaceKinds, 'load'>): Examine {
  return async (component) => {
    if (component.spec.settings === undefined) return undefined;
    try {
      (await kinds.load())[component.kind]?.images(component);
      return undefined;
    } catch (error) {
      if (error instanceof AtmosError) return error;
      if (error instanceof TypeError) return error.message;
      throw error;
    }
  };
}
