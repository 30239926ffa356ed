import type { Exec, Input, Node, NodeId, StateMount } from '../../engine/index.ts';
import { exec, input, script, step } from '../step.ts';
import { MIRROR_CONFIG, providersInput, TERRAFORM_ENV, type Workbench } from './prepare.ts';
import { STATE } from './synth.ts';

/** A terraform component as its nodes that talk to the world need it. */
export interface Site extends Workbench {
  readonly workspace: string;
  readonly backendType: string;
  /** Below the state root; used with a local backend only. */
  readonly stateDir: string;
  readonly env: Readonly<Record<string, string>>;
  readonly secrets: readonly string[];
}

/** Initializes the backend from the cached data directory, in a writable copy of the module. `$1` command, `$2` root, `$3` workspace. */
const INIT_BACKEND = `${MIRROR_CONFIG}cp -RP /module /tmp/module && chmod -R u+w /tmp/module && mkdir /tmp/data
if [ -d /data ]; then cp -RP /data/. /tmp/data && chmod -R u+w /tmp/data; fi
cd "/tmp/module/$2"
export TF_DATA_DIR=/tmp/data
lock=
if [ -f .terraform.lock.hcl ]; then lock=-lockfile=readonly; fi
code=0; run "$1" init -no-color -get=false $lock > /tmp/init.log 2>&1 || code=$?
if [ $code -ne 0 ]; then cat /tmp/init.log >&2; exit $code; fi
if [ "$3" != default ]; then run "$1" workspace select -or-create "$3" > /dev/null; fi
`;

const PLAN = `code=0; run "$1" plan -no-color -compact-warnings -lock-timeout=60s -detailed-exitcode -out=/out/tfplan || code=$?
if [ $code -ne 0 ] && [ $code -ne 2 ]; then exit $code; fi
"$1" show -json /out/tfplan > /out/plan.json
`;
const APPLY = `run "$1" apply -no-color -lock-timeout=60s /plan/tfplan
"$1" output -json > /out/outputs.json
`;
const OUTPUT = '"$1" output -json > /out/outputs.json\n';

/** `plan -out`, with its JSON form: output `plan` holds `tfplan` and `plan.json`. */
export function planNode(site: Site, options: { readonly destroy: boolean; readonly after: readonly NodeId[] }): Node {
  const text = options.destroy ? PLAN.replace('-detailed-exitcode', '-detailed-exitcode -destroy') : PLAN;
  return worldNode(site, options.destroy ? 'plan-destroy' : 'plan', text, {
    inputs: bench(site),
    after: options.after,
    output: 'plan',
  });
}

/** Applies exactly the plan that the plan node wrote: output `outputs` holds `outputs.json`. */
export function applyNode(site: Site, options: { readonly destroy: boolean }): Node {
  return worldNode(site, options.destroy ? 'destroy' : 'apply', APPLY, {
    inputs: [...bench(site), input('/plan', { node: `${site.component}/${options.destroy ? 'plan-destroy' : 'plan'}`, output: 'plan' })],
    after: [],
    output: 'outputs',
  });
}

/** Reads the outputs of what runs from its state: output `outputs` holds `outputs.json`. */
export function outputsNode(site: Site, backendOnly: Input['from']): Node {
  return worldNode({ ...site, root: '' }, 'outputs', OUTPUT, { inputs: [input('/module', backendOnly)], after: [], output: 'outputs' });
}

function bench(site: Site): readonly Input[] {
  return [
    input('/module', { node: `${site.component}/module`, output: 'module' }),
    input('/data', { node: `${site.component}/init`, output: 'data' }),
    ...providersInput(site),
  ];
}

function worldNode(
  site: Site,
  name: string,
  text: string,
  { inputs, after, output }: { readonly inputs: readonly Input[]; readonly after: readonly NodeId[]; readonly output: string },
): Node {
  const action: Exec = exec({
    image: site.image,
    argv: script(INIT_BACKEND + text, site.command, site.root, site.workspace),
    env: { ...TERRAFORM_ENV, ...site.env },
    secrets: site.secrets,
    ...reach(site),
    outputs: [{ name: output, path: '/out' }],
  });
  return step(site.component, name, { inputs, after, cache: 'never', action });
}

/** A local backend needs its state directory and nothing of the network; others are reached over it. */
function reach({ backendType, stateDir }: Site): { readonly network: Exec['network']; readonly state: readonly StateMount[] } {
  if (backendType === 'local') return { network: 'none', state: [{ path: STATE, dir: stateDir }] };
  return { network: 'bridge', state: [] };
}
