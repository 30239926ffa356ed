import type { NodeLimits } from '../../config/index.ts';
import {
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
const BUILD = `cp -RP /source/. /out/component && mkdir -p "/out/component/$2" && cd "/out/component/$2"
run sh -c "$1"
`;
const TEST = `cp -RP /source /tmp/component && mkdir -p "/tmp/component/$2" && cd "/tmp/component/$2"
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
  const exported = Object.entries(env).map(([name, value]) => `export ${name}=${shellWord(textOf(value as Json))}\n`);
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

function textOf(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** `<address>/component`: what the nodes of a rollout run on. */
export function componentNode(instance: Instance, reads: UpstreamReads): Node {
  const { args, inputs } = variablesNode(instance, reads);
  return step(instance.address, 'component', {
    inputs,
    action: { kind: 'compute', ...COMPONENT, args: args as unknown as Json, outputs: ['component'] },
  });
}

/** A writable copy of the component, with its environment. */
const LAY_OUT = `cp -RP /component/source /tmp/component && mkdir -p "/tmp/component/$1" && cd "/tmp/component/$1"
. /component/env.sh
export ATMOS_VARS=/component/vars.json
`;
/** `$2`: the command, or nothing. */
const PLAN = `export ATMOS_PLAN=/out/plan
mkdir -p "$ATMOS_PLAN"
code=2
if [ -n "$2" ]; then code=0; run sh -c "$2" || code=$?; fi
case $code in
  0) printf none > /out/changes ;;
  2) printf "$3" > /out/changes ;;
  *) exit $code ;;
esac
`;
/** `$2`: the command; `$3`: what prints the outputs, or nothing. */
const APPLY = `export ATMOS_PLAN=/plan/plan
if [ "$(cat /plan/changes)" != none ]; then run sh -c "$2"; fi
`;
const READ = `if [ -n "$3" ]; then sh -c "$3" > /out/values.json; else printf '{}' > /out/values.json; fi
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
