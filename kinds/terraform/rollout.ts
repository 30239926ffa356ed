import type { NodeLimits } from '../../config/index.ts';
import type { Digest, Json, JsonObject, Node } from '../../engine/index.ts';
import { type Instance, type RolloutKind, step, type UpstreamReads, variablesNode } from '../../phases/index.ts';
import { imageOf } from './command.ts';
import { MODULE, type ModuleArgs } from './module.ts';
import { openLayer } from './open.ts';
import { plannedOutputs } from './planned-outputs.ts';
import { prepareNodes } from './prepare.ts';
import { readApplyWarnings, readPlan } from './summary.ts';
import { applyNode, outputsNode, planNode, pushNode, type TargetContext, unlockNode } from './target-nodes.ts';

/** How root modules are rolled out: `init`, `plan`, and `apply` of exactly that plan. */
export const rollout: RolloutKind = {
  image: ({ command }) => imageOf(String(command)),
  plans: () => true,
  open: openLayer,
  prepare(instance, reads) {
    const context = contextOf(instance);
    // Where it is known what init made, only providers are left to be placed.
    return [
      ...prepareNodes(context).filter(({ step: name }) => context.data === undefined || name !== 'init'),
      moduleNode(instance, reads),
    ];
  },
  plan: (instance, options) => planNode(contextOf(instance), options),
  apply: (instance, options) => applyNode(contextOf(instance), options),
  outputs: (instance) => [outputsNode(contextOf(instance), instance.trees.backend as Digest)],
  readPlan,
  plannedOutputs: (plan, _instance, store) => plannedOutputs(plan, store),
  readWarnings: readApplyWarnings,
  state: {
    push: (instance, rescued) => pushNode(contextOf(instance), rescued),
    unlock: (instance) => unlockNode(contextOf(instance)),
  },
};

/** What `openLayer` found, and what the release says. */
function contextOf({ address, component, image, secrets, trees, stateDir }: Instance): TargetContext {
  const { command, workspace, backend_type, root, env, limits } = component.settings as Record<
    'command' | 'workspace' | 'backend_type' | 'root',
    string
  > & {
    env: Record<string, string>;
    limits?: NodeLimits & JsonObject;
  };
  return {
    component: address,
    image,
    command,
    source: trees.source as Digest,
    root,
    providers: trees.providers,
    data: trees.data as Digest | undefined,
    workspace,
    backendType: backend_type,
    stateDir,
    env,
    secrets,
    limits,
  };
}

function moduleNode(instance: Instance, reads: UpstreamReads): Node {
  const { args, inputs } = variablesNode(instance, reads);
  const all: ModuleArgs = { ...args, root: String(instance.component.settings.root) };
  return step(instance.address, 'module', {
    inputs,
    action: { kind: 'compute', ...MODULE, args: all as unknown as Json, outputs: ['module'] },
  });
}
