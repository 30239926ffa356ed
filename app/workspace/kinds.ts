import type { KindSource, KindSpec, KindSpecs } from '../../config/index.ts';
import { AtmosError } from '../../engine/index.ts';
import { loadKinds, loadPackages, SPECS } from '../../kinds/index.ts';
import type { Kinds } from '../../phases/index.ts';

/** The kinds of components that a workspace has: those that come with the program, and those of packages that its `atmos.yaml` names. */
export interface WorkspaceKinds {
  /** What configuration of the working tree knows of them: packages are loaded. @throws AtmosError `kind-package` */
  readonly here: KindSource;
  /**
   * What configuration of other commits knows of them: code is run that the files of the working tree name, and no other.
   * @throws AtmosError `kind-package`
   */
  readonly elsewhere: KindSource;
  /** The kinds themselves, by name: most of the program's code, which is loaded where something is to run. */
  load(): Promise<Kinds>;
}

/** The kinds of a repository, once its `atmos.yaml` was read by `here`. */
export function kindsAt(root: string): WorkspaceKinds {
  let packaged: Kinds = {};
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
        const missing = packages.find(({ kind }) => packaged[kind] === undefined);
        if (missing === undefined) return specsOf(packaged);
        throw new AtmosError(
          `the commit uses kind "${missing.kind}" from package "${missing.package}", which the checked-out atmos.yaml does not declare`,
          {
            kind: 'invalid',
            code: 'kind-package',
            hint: `check out that commit, or name it here: deployments: { kinds: { ${missing.kind}: "${missing.package}" } }`,
          },
        );
      },
    },
    async load() {
      return { ...(await loadKinds()).KINDS, ...packaged };
    },
  };
}

/** For rules, which say nothing of components: kinds of packages are known by their names, and no code of them is loaded. */
export const KINDS_OF_RULES: KindSource = {
  builtIn: SPECS,
  load: async (packages) => Object.fromEntries(packages.map(({ kind }) => [kind, namedOnly(kind)])),
};

function namedOnly(name: string): KindSpec {
  return { name, inStacks: false, isModule: false, hasEnvironment: false, source: 'base-path', produces: 'nothing' };
}

function specsOf(kinds: Kinds): KindSpecs {
  return Object.fromEntries(Object.entries(kinds).map(([name, { spec }]) => [name, spec]));
}
