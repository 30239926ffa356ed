import type { Digest, Exec, Input, Node, NodeId, SecretRef, StateMount } from '../../engine/index.ts';
import { exec, input, PLAN_INPUT, type PlanOptions, script, step } from '../../phases/index.ts';
import { MIRROR_CONFIG, type ModuleContext, providersInput, STATE, TERRAFORM_ENV } from './prepare.ts';

/** A terraform component as its nodes that talk to the world need it. */
export interface TargetContext extends ModuleContext {
  readonly workspace: string;
  /** What `init` made of this very source, if that is known. */
  readonly data: Digest | undefined;
  /** Of its own: below the state root its local state, below the run root what changes it just now. */
  readonly stateDir: string;
  readonly env: Readonly<Record<string, string>>;
  readonly secrets: readonly SecretRef[];
}

/**
 * A writable copy of the module, and of the data directory at `$5`, if there is one, where Terraform is to have its own. `$1` command, `$2` root, `$3`
 * workspace, `$4` backend. Each command of a script is a process: there are no more than need be.
 */
const materialize = (data: string): string => `${MIRROR_CONFIG}cp -RP /module /tmp/module
if [ -d "$5" ]; then cp -RP "$5" ${data}; else mkdir ${data}; fi
cd "/tmp/module/$2"
export TF_DATA_DIR=${data}
`;
const LAY_OUT = materialize('/tmp/data');

const INIT_BACKEND = `atmos_lock=
if [ -f .terraform.lock.hcl ]; then atmos_lock=-lockfile=readonly; fi
atmos_code=0; run "$1" init -no-color -get=false $atmos_lock > /tmp/init.log 2>&1 || atmos_code=$?
if [ $atmos_code -ne 0 ]; then cat /tmp/init.log >&2; exit $atmos_code; fi
`;

/** What `workspace select -or-create` would write, without starting the program: whoever opens a workspace's state makes it. */
const SELECT_WORKSPACE = `if [ "$3" != default ]; then printf %s "$3" > "$TF_DATA_DIR/environment"; fi
`;

/** A local backend was initialized beforehand, with the rest: it is the same for every target. */
const ONCE = `if [ "$4" != local ]; then
${INIT_BACKEND}fi
${SELECT_WORKSPACE}`;

/**
 * Terraform's machine-readable UI (`-json`) goes to a file, and its messages to the log as they come: one start of Terraform gives the plan, what
 * it would change, and where it is wrong. What provisioners print is in the log alone, where secrets are masked. `$atmos_code` is how it ended.
 */
const withUi = (file: string, command: string): string => String.raw`mkfifo /tmp/ui
sed -n -e '/"type":"provision_progress"/!w ${file}' -e 's/.*"@message":"\(\([^"\\]\|\\.\)*\)".*/\1/p' < /tmp/ui & atmos_reader=$!
atmos_code=0; run "$1" ${command} > /tmp/ui || atmos_code=$?
wait $atmos_reader || true
`;
const details = (file: string): string =>
  String.raw`sed -n '/"@level":"error"/s/.*"detail":"\(\([^"\\]\|\\.\)*\)".*/\1/p' ${file} | sed 's/\\n/\n/g' >&2`;

const PLAN_UI = '/out/plan.jsonl';
const plan = (
  file: string,
): string => `${withUi(PLAN_UI, `plan -json -lock-timeout=60s -detailed-exitcode $6 -out=${file}`)}if [ $atmos_code -ne 0 ] && [ $atmos_code -ne 2 ]; then
  ${details(PLAN_UI)}
  exit $atmos_code
fi
`;

/** What would change, attribute by attribute. A plan that changes nothing does not pay for it. */
const show = (file: string): string => `if [ $atmos_code -eq 2 ]; then run "$1" show -json ${file} > /out/changes.json; fi
`;

/** A state that could not be written to its backend is what Terraform leaves in its directory: it is all that knows what was made. */
const APPLY_UI = '/out/apply.jsonl';
const APPLY = `${withUi(APPLY_UI, 'apply -json -lock-timeout=60s /plan/tfplan')}if [ -f errored.tfstate ]; then cp errored.tfstate /out/; fi
if [ $atmos_code -ne 0 ]; then
  ${details(APPLY_UI)}
  exit $atmos_code
fi
"$1" output -json > /out/outputs.json
`;
const OUTPUT = `"$1" output -json > /out/outputs.json
`;

/**
 * Plans: output `plan` holds `plan.jsonl`; where it will be applied, `tfplan` and the initialized data directory too. Of a plan that failed, there is no
 * `tfplan`.
 */
export function planNode(target: TargetContext, options: PlanOptions): Node {
  const file = options.isApplied ? '/out/tfplan' : '/tmp/tfplan';
  const text = (options.isApplied ? materialize('/out/data') : LAY_OUT) + ONCE + plan(file) + (options.isShown ? show(file) : '');
  return worldNode(target, planName(options.destroy), text, {
    inputs: [
      moduleInput(target),
      input('/data', target.data ?? { node: `${target.component}/init`, output: 'data' }),
      ...providersInput(target),
    ],
    data: '/data',
    after: options.after,
    output: 'plan',
    flags: options.destroy ? '-destroy' : '',
    collect: 'always',
  });
}

/**
 * Applies exactly the plan that the plan node wrote: output `outputs` holds `apply.jsonl` and `outputs.json`; of an apply that failed, perhaps
 * `errored.tfstate`.
 */
export function applyNode(target: TargetContext, options: { readonly destroy: boolean }): Node {
  return worldNode(target, options.destroy ? 'destroy' : 'apply', LAY_OUT + APPLY, {
    inputs: plannedInputs(target, options.destroy),
    data: '/plan/data',
    after: [],
    output: 'outputs',
    collect: 'always',
    isEffect: true,
  });
}

/** Reads the outputs of what runs from its state: output `outputs` holds `outputs.json`. */
export function outputsNode(target: TargetContext, backendOnly: Input['from']): Node {
  const inputs = [input('/module', backendOnly)];
  return worldNode({ ...target, root: '' }, 'outputs', LAY_OUT + INIT_BACKEND + SELECT_WORKSPACE + OUTPUT, {
    inputs,
    data: '',
    after: [],
    output: 'outputs',
  });
}

const PUSH = `run "$1" state push -no-color -lock-timeout=60s /rescued/errored.tfstate
`;

/** Writes a state that was rescued to the component's backend. `rescued` is a tree with `errored.tfstate`. */
export function pushNode(target: TargetContext, rescued: Digest): Node {
  return onBackend(target, 'state-push', PUSH, [input('/rescued', rescued)]);
}

/** Terraform names a lock that stands in the way; where none does, there is nothing to release. */
const UNLOCK = String.raw`atmos_code=0; "$1" plan -no-color -lock-timeout=0s -refresh=false > /tmp/plan.log 2>&1 || atmos_code=$?
atmos_id=$(sed -n 's/.*already locked: ID=\([^ ]*\).*/\1/p' /tmp/plan.log | head -n 1)
if [ -z "$atmos_id" ]; then atmos_id=$(sed -n 's/^[^A-Za-z]*ID: *\([^ ]*\).*/\1/p' /tmp/plan.log | head -n 1); fi
if [ -z "$atmos_id" ]; then
  if [ $atmos_code -ne 0 ]; then cat /tmp/plan.log >&2; exit $atmos_code; fi
  printf none > /out/lock
  exit 0
fi
run "$1" force-unlock -no-color -force "$atmos_id"
printf %s "$atmos_id" > /out/lock
`;

/** Releases the lock that a component's state has in its backend: output `unlocked` holds `lock`, its id, or `none`. */
export function unlockNode(target: TargetContext): Node {
  return onBackend(target, 'state-unlock', UNLOCK, []);
}

function onBackend(target: TargetContext, name: string, text: string, inputs: readonly Input[]): Node {
  return worldNode(target, name, LAY_OUT + ONCE + text, {
    inputs: [
      moduleInput(target),
      input('/data', target.data ?? { node: `${target.component}/init`, output: 'data' }),
      ...providersInput(target),
      ...inputs,
    ],
    data: '/data',
    after: [],
    output: 'unlocked',
  });
}

function planName(destroy: boolean): string {
  return destroy ? 'plan-destroy' : 'plan';
}

function moduleInput(target: TargetContext): Input {
  return input('/module', { node: `${target.component}/module`, output: 'module' });
}

function plannedInputs(target: TargetContext, destroy: boolean): readonly Input[] {
  const plan = input(PLAN_INPUT, { node: `${target.component}/${planName(destroy)}`, output: 'plan' });
  return [moduleInput(target), plan, ...providersInput(target)];
}

interface WorldParts {
  readonly inputs: readonly Input[];
  /** Where the data directory lies that it starts from; `''` for none. */
  readonly data: string;
  readonly after: readonly NodeId[];
  readonly output: string;
  readonly flags?: string;
  readonly collect?: Exec['collect'];
  /** It changes the world. */
  readonly isEffect?: boolean;
}

function worldNode(
  target: TargetContext,
  name: string,
  text: string,
  { inputs, data, after, output, flags = '', collect = 'success', isEffect = false }: WorldParts,
): Node {
  const { command, root, workspace, backendType } = target;
  const action: Exec = exec({
    image: target.image,
    argv: script(text, command, root, workspace, backendType, data, flags),
    env: { ...TERRAFORM_ENV, ...target.env },
    secrets: target.secrets,
    limits: target.limits,
    ...reach(target),
    settings: root === '' ? '/module' : `/module/${root}`,
    outputs: [{ name: output, path: '/out' }],
    collect,
    effect: isEffect ? `${target.stateDir}/${name}` : undefined,
  });
  return step(target.component, name, { inputs, after, cache: 'never', action });
}

/** A local backend needs its state directory and nothing of the network; others are reached over it. */
function reach({ backendType, stateDir }: TargetContext): { readonly network: Exec['network']; readonly state: readonly StateMount[] } {
  if (backendType === 'local') return { network: 'none', state: [{ path: STATE, dir: stateDir }] };
  return { network: 'bridge', state: [] };
}
