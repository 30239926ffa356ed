import type { NodeLimits } from '../../config/index.ts';
import {
  AtmosError,
  type ComputeFunction,
  type Digest,
  type Json,
  type JsonObject,
  makeTree,
  type Node,
  overlay,
  prettyJson,
  shellWord,
  subtree,
} from '../../engine/index.ts';
import {
  exec,
  type From,
  type Instance,
  input,
  PLAN_INPUT,
  readJson,
  script,
  settledReferences,
  step,
  type UpstreamReads,
  type VariablesArgs,
  variablesNode,
} from '../../phases/index.ts';
import type { Commands } from './commands.ts';

export const COMPONENT = { name: 'command-component', version: 1 } as const;

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

/** Makes what the commands of a rollout see of a layer and of the outputs of others: `source`, `vars.json`, `env.sh`. Output `component`. */
export const makeComponent: ComputeFunction = async (json, io) => {
  const args = json as unknown as VariablesArgs;
  const layer = io.input('layer');
  const vars = { ...(await readJson(layer, 'vars.json', io)), ...(await settledReferences('vars', args, io)) };
  const env = { ...(await readJson(layer, 'env.json', io)), ...(await settledReferences('env', args, io)) };
  const exported = Object.entries(env).map(([name, value]) => exportLine(args.component, name, value as Json));
  const files = [
    { path: 'vars.json', mode: '644' as const, ...(await io.put(prettyJson(vars))) },
    { path: 'env.sh', mode: '644' as const, ...(await io.put(exported.join(''))) },
  ];
  return {
    component: overlay([
      { at: 'source', tree: subtree(layer, 'source') },
      { at: '', tree: makeTree(files) },
    ]),
  };
};

/** A line of a shell that sets a variable. @throws AtmosError `wrong-env` for a value that no program can be given */
export function exportLine(component: string, name: string, value: Json): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  if (!text.includes('\0')) return `export ${name}=${shellWord(text)}\n`;
  throw new AtmosError(`${component}: the variable ${name} of its environment contains a zero byte`, {
    kind: 'failed',
    code: 'wrong-env',
    hint: 'pass the value in vars',
  });
}

/** `<address>/component`: what the nodes of a rollout run on. */
export function componentNode(instance: Instance, reads: UpstreamReads): Node {
  const { args, inputs } = variablesNode(instance, reads);
  return step(instance.address, 'component', {
    inputs,
    action: { kind: 'compute', ...COMPONENT, args: args as unknown as Json, outputs: ['component'] },
  });
}

/** A writable copy of the component. `within` runs a command with the component's environment, which is none of this script's. */
const LAY_OUT = `mkdir -p "/tmp/component/$1"
if [ -d /component/source ]; then cp -RP /component/source/. /tmp/component; fi
cd "/tmp/component/$1"
within() {
  run sh -c '. /component/env.sh
export ATMOS_VARS=/component/vars.json
exec sh -c "$1"' sh "$1"
}
`;
/** `$2`: the command, or nothing; `$3`: what there is to do. One that the shell can't read has said nothing: its exit code would be 2, too. */
const PLAN = `export ATMOS_PLAN=/out/plan
mkdir -p "$ATMOS_PLAN"
atmos_code=2
if [ -n "$2" ]; then
  sh -n -c "$2" || exit 1
  atmos_code=0; within "$2" || atmos_code=$?
fi
case $atmos_code in
  0) printf none > /out/changes ;;
  2) printf "$3" > /out/changes ;;
  *) exit $atmos_code ;;
esac
`;
/** `$2`: the command; `$3`: what prints the outputs, or nothing. A plan that left nothing has left no directory. */
const APPLY = `export ATMOS_PLAN=/plan/plan
if [ ! -d "$ATMOS_PLAN" ]; then
  ATMOS_PLAN=/tmp/plan
  mkdir "$ATMOS_PLAN"
fi
if [ "$(cat /plan/changes)" != none ]; then within "$2"; fi
`;
const READ = `if [ -n "$3" ]; then within "$3" > /out/values.json; else printf '{}' > /out/values.json; fi
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
  /** In place of what `componentNode` makes. */
  readonly component?: From;
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
      input('/component', one.component ?? { node: `${address}/component`, output: 'component' }),
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
  { plan }: Commands,
  options: { readonly destroy: boolean; readonly after: readonly string[] },
): Node {
  const { destroy, after } = options;
  return targetNode(instance, {
    name: destroy ? 'plan-destroy' : 'plan',
    text: PLAN,
    args: destroy ? ['', 'destroy'] : [plan ?? '', 'rollout'],
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

/** `<address>/outputs`, of what a layer alone says: outputs are read of what runs, and not of what others have. */
export function outputsNode(instance: Instance, { read }: Commands): Node {
  return targetNode(instance, {
    name: 'outputs',
    text: READ,
    args: ['', read ?? ''],
    output: 'outputs',
    component: instance.trees.component as Digest,
  });
}
