import type { NodeLimits } from '../../config/index.ts';
import type { Digest, JsonObject, Node } from '../../engine/index.ts';
import { exec, type From, type Instance, input, PLAN_INPUT, script, step, type UpstreamReads } from '../../phases/index.ts';
import type { Commands } from './commands.ts';
import { componentNode } from './component.ts';

/** Before it is rolled out: in a writable copy of what there is, which it exports. `$1` command, `$2` the component's own directory. */
const BUILD = `cp -RP /source/. /out/component
mkdir -p "/out/component/$2"
cd "/out/component/$2"
run sh -c "$1"
`;
const TEST = `cp -RP /source /tmp/component
mkdir -p "/tmp/component/$2"
cd "/tmp/component/$2"
run sh -c "$1"
`;

/** What the nodes of a component share before it is rolled out. */
export interface BuildContext {
  readonly component: string;
  readonly image: Digest;
  readonly source: Digest;
  readonly root: string;
  readonly limits: NodeLimits | undefined;
}

/** What the install and build commands make of a component: a tree, from the source itself or from the last of its nodes. */
export function builtTree({ component, source }: BuildContext, { install, build }: Commands): From {
  const last = build !== null ? 'build' : install !== null ? 'install' : undefined;
  return last === undefined ? source : { node: `${component}/${last}`, output: 'component' };
}

/** `<address>/install` and `<address>/build`, as far as there is something to do. */
export function buildNodes(context: BuildContext, { install, build }: Commands): readonly Node[] {
  const { component, image, source, root, limits } = context;
  const node = (name: string, command: string, from: From, network: 'none' | 'bridge'): Node =>
    step(component, name, {
      inputs: [input('/source', from)],
      action: exec({
        image,
        argv: script(BUILD, command, root),
        network,
        limits,
        outputs: [{ name: 'component', path: '/out/component' }],
      }),
    });
  const installed: From = install === null ? source : { node: `${component}/install`, output: 'component' };
  return [
    ...(install === null ? [] : [node('install', install, source, 'bridge')]),
    ...(build === null ? [] : [node('build', build, installed, 'none')]),
  ];
}

/** `<address>/test`. */
export function testNodes(context: BuildContext, commands: Commands): readonly Node[] {
  const { component, image, root, limits } = context;
  if (commands.test === null) return [];
  return [
    step(component, 'test', {
      inputs: [input('/source', builtTree(context, commands))],
      action: exec({ image, argv: script(TEST, commands.test, root), limits }),
    }),
  ];
}

/** A writable copy of the component. `within` runs a command with the component's environment, which is none of this script's. */
const LAY_OUT = `mkdir -p "/tmp/component/$1"
if [ -d /component/source ]; then cp -RP /component/source/. /tmp/component; fi
cd "/tmp/component/$1"
atmos_run=run
within() {
  $atmos_run sh -c '. /component/env.sh
export ATMOS_VARS=/component/vars.json
exec sh -c "$1"' sh "$1"
}
`;
/** `$2`: the command, or nothing; `$3`: what there is to do; from `$4` on, names and commands of all that is run here. What the shell can't read is told before any of it
 * runs. */
const PLAN = `export ATMOS_PLAN=/out/plan
mkdir -p "$ATMOS_PLAN"
atmos_plan=$2 atmos_what=$3
shift 3
while [ $# -gt 0 ]; do
  sh -n -c "$2" || { echo "the shell can't read the command: $1" >&2; exit 1; }
  shift 2
done
atmos_code=2
if [ -n "$atmos_plan" ]; then
  atmos_code=0; within "$atmos_plan" || atmos_code=$?
fi
case $atmos_code in
  0) printf none > /out/changes ;;
  2) printf "$atmos_what" > /out/changes ;;
  *) exit $atmos_code ;;
esac
`;
/**
 * `$2`: the command; `$3`: what prints the outputs, or nothing. A plan that left nothing has left no directory. An interrupt ends none of it: what changes the
 * world in part is worse than what one has to wait for.
 */
const APPLY = `trap '' INT TERM
atmos_run=
export ATMOS_PLAN=/plan/plan
if [ ! -d "$ATMOS_PLAN" ]; then
  ATMOS_PLAN=/tmp/plan
  mkdir "$ATMOS_PLAN"
fi
if [ "$(cat /plan/changes)" != none ]; then within "$2"; fi
`;
/** What is computed of something sensitive is as sensitive as that. */
const READ = `atmos_values=/out/values.json
if [ -e /component/sensitive ]; then atmos_values=/out/sensitive-values.json; fi
atmos_code=0
if [ -n "$3" ]; then within "$3" > "$atmos_values" || atmos_code=$?; else printf '{}' > "$atmos_values"; fi
if [ $atmos_code -ne 0 ]; then
  echo "read failed with exit code $atmos_code: what reads its outputs, or is destroyed with them, needs it. Roll the component out again if what it reads is gone" >&2
  exit $atmos_code
fi
`;

interface TargetStep {
  readonly name: string;
  readonly text: string;
  readonly args: readonly string[];
  readonly output: string;
  readonly after?: readonly string[];
  readonly plan?: string;
  /** It changes what runs. */
  readonly isEffect?: true;
  /** The node that makes what it runs on. */
  readonly component?: string;
}

function targetNode({ address, component, image, secrets, stateDir }: Instance, one: TargetStep): Node {
  const { root, network, limits } = component.settings as JsonObject & {
    root: string;
    network: Commands['network'];
    limits?: NodeLimits & JsonObject;
  };
  const { name, text, args, output, after = [], plan, isEffect } = one;
  return step(address, name, {
    inputs: [
      input('/component', { node: `${address}/${one.component ?? 'component'}`, output: 'component' }),
      ...(plan === undefined ? [] : [input(PLAN_INPUT, { node: `${address}/${plan}`, output: 'plan' })]),
    ],
    after,
    cache: 'never',
    action: exec({
      image,
      argv: script(LAY_OUT + text, root, ...args),
      secrets,
      network,
      limits,
      settings: '/component',
      outputs: [{ name: output, path: '/out' }],
      effect: isEffect === true ? `${stateDir}/${name}` : undefined,
    }),
  });
}

/** `<address>/plan`, or `<address>/plan-destroy`, which always has something to do. */
export function planNode(
  instance: Instance,
  { plan, rollout, destroy: down, read }: Commands,
  options: { readonly destroy: boolean; readonly after: readonly string[] },
): Node {
  const { destroy, after } = options;
  return targetNode(instance, {
    name: destroy ? 'plan-destroy' : 'plan',
    text: PLAN,
    args: destroy
      ? ['', 'destroy', 'destroy', down ?? '']
      : [plan ?? '', 'rollout', ...['plan', plan ?? '', 'rollout', rollout ?? '', 'destroy', down ?? '', 'read', read ?? '']],
    output: 'plan',
    after,
  });
}

/** `<address>/apply`, or `<address>/destroy`. */
export function applyNode(
  instance: Instance,
  { rollout, destroy: down, read }: Commands,
  { destroy }: { readonly destroy: boolean },
): Node {
  return targetNode(instance, {
    name: destroy ? 'destroy' : 'apply',
    text: destroy ? APPLY : APPLY + READ,
    args: destroy ? [down ?? ''] : [rollout ?? '', read ?? ''],
    output: 'outputs',
    plan: destroy ? 'plan-destroy' : 'plan',
    isEffect: true,
  });
}

/** `<address>/outputs`, with what its environment is now. */
export function outputsNodes(instance: Instance, { read }: Commands, reads: UpstreamReads): readonly Node[] {
  // Beside what a plan of another release runs on.
  const component = 'outputs-component';
  return [
    componentNode(instance, reads, component),
    targetNode(instance, { name: 'outputs', text: READ, args: ['', read ?? ''], output: 'outputs', component }),
  ];
}
