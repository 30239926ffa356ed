import type { NodeLimits } from '../../config/index.ts';
import type { Digest, Input, Node } from '../../engine/index.ts';
import { exec, input, script, step } from '../../phases/index.ts';

/** What the terraform nodes of a component share. */
export interface ModuleContext {
  readonly component: string;
  /** The image's digest. */
  readonly image: Digest;
  /** `terraform` or `tofu`. */
  readonly command: string;
  /** The source tree, with its lock file if it is known. */
  readonly source: Digest;
  /** Directory of the root module in the source tree; `''` when it is the tree itself. */
  readonly root: string;
  /** A local backend is the same for every target, and is initialized with the rest; others are initialized where they are used. */
  readonly backendType: string;
  /** An unpacked filesystem mirror with the providers; `undefined` when it needs none; `download` when they come from their registry. */
  readonly providers: Digest | undefined | { readonly requirements: Digest };
  /** What its nodes may use, where that is not as usual. */
  readonly limits?: NodeLimits | undefined;
}

/**
 * Terraform asks nobody and reports nothing. Its garbage collector waits until the heap has grown fivefold, but for a large heap: most of a
 * short run's time goes into collecting what is soon gone as a whole.
 */
export const TERRAFORM_ENV = {
  TF_IN_AUTOMATION: '1',
  TF_INPUT: '0',
  CHECKPOINT_DISABLE: '1',
  TF_CLI_CONFIG_FILE: '/tmp/terraformrc',
  GOGC: '400',
  GOMEMLIMIT: '1GiB',
};

/** Terraform then links providers from the mirror instead of copying them, and asks no registry. */
export const MIRROR_CONFIG = `printf 'provider_installation {\\n  filesystem_mirror {\\n    path = "/providers"\\n  }\\n}\\n' > /tmp/terraformrc
`;

/** How scripts get at the module: a writable copy, since Terraform writes beside it. */
export const COPY_SOURCE = `cp -RP /source /tmp/source
cd "/tmp/source/$2"
`;

/** Where the state of `backend_type: local` is mounted. */
export const STATE = '/state';

/** The settings of the local backend: whatever a component says, its state lies where it is mounted. */
export const LOCAL = { path: `${STATE}/terraform.tfstate`, workspace_dir: `${STATE}/workspaces` } as const;
const LOCAL_BACKEND = JSON.stringify({ terraform: { backend: { local: LOCAL } } });

const INIT = `${MIRROR_CONFIG}${COPY_SOURCE}atmos_lock=
if [ -f .terraform.lock.hcl ]; then atmos_lock=-lockfile=readonly; fi
atmos_backend=-backend=false
if [ "$3" = local ]; then atmos_backend=; printf '${LOCAL_BACKEND}' > backend.tf.json; fi
TF_DATA_DIR=/out/data run "$1" init $atmos_backend -no-color $atmos_lock
if [ -f .terraform.lock.hcl ]; then cp .terraform.lock.hcl /out/lock/; fi
`;

const DOWNLOAD = `cp -RP /requirements /tmp/requirements
cd /tmp/requirements
: > /tmp/terraformrc
TF_DATA_DIR=/out/data run "$1" init -backend=false -no-color
mkdir -p /out/providers
if [ -d /out/data/providers ]; then cp -RP /out/data/providers/. /out/providers/; fi
`;

/** Where a component's nodes find the providers. */
export function providersInput({ component, providers }: ModuleContext): readonly Input[] {
  if (providers === undefined) return [];
  return [input('/providers', typeof providers === 'string' ? providers : { node: `${component}/providers`, output: 'providers' })];
}

/**
 * `init` without a backend: modules and links to providers, and the lock file. Cached by source and providers, so that one result serves every
 * target. Where providers come from their registry, a node of their own downloads them first, keyed by nothing but what is required.
 */
export function prepareNodes(module: ModuleContext): readonly Node[] {
  const { component, image, command, root, providers, backendType, limits } = module;
  const nodes: Node[] = [];
  if (typeof providers === 'object') {
    nodes.push(
      step(component, 'providers', {
        inputs: [input('/requirements', providers.requirements)],
        action: exec({
          image,
          argv: script(DOWNLOAD, command),
          env: TERRAFORM_ENV,
          network: 'bridge',
          settings: '/requirements',
          limits,
          outputs: [
            { name: 'providers', path: '/out/providers' },
            { name: 'data', path: '/out/data' },
          ],
        }),
      }),
    );
  }
  nodes.push(
    step(component, 'init', {
      inputs: [input('/source', module.source), ...providersInput(module)],
      action: exec({
        image,
        argv: script(INIT, command, root, backendType === 'local' ? 'local' : ''),
        env: TERRAFORM_ENV,
        limits,
        outputs: [
          { name: 'data', path: '/out/data' },
          { name: 'lock', path: '/out/lock' },
        ],
      }),
    }),
  );
  return nodes;
}
