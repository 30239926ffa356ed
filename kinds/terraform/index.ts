import type { ComponentKind } from '../../phases/index.ts';
import { COMMANDS, commandOf, imageOf } from './command.ts';
import { diagnose } from './diagnose.ts';
import { terraformSource } from './gather.ts';
import { layerNodes, moduleOf, settingsOf } from './layer.ts';
import { lockOf } from './layers.ts';
import { MODULE, materializeModule } from './module.ts';
import { rollout } from './rollout.ts';
import { SYNTH, synthesize } from './synth.ts';
import { terraformTests } from './test.ts';

/** Root modules of Terraform, or of OpenTofu where `command` is `tofu`: everything but the program is the same. */
export const terraform: ComponentKind = {
  spec: {
    name: 'terraform',
    inStacks: true,
    isModule: true,
    hasEnvironment: true,
    source: 'base-path',
    produces: 'outputs',
    command: 'terraform',
    commands: COMMANDS,
  },
  images: (component) => [imageOf(commandOf(component))],
  gather: terraformSource,
  test: (component, inputs) => terraformTests(moduleOf(component, inputs), inputs.sources[component.address]?.module?.hasTests ?? false),
  layer: layerNodes,
  settings: settingsOf,
  isTakenWhole: false,
  takeOver: (layer, store) => store.putTree(lockOf(layer)),
  rollout,
  diagnose,
  computes: { [SYNTH.name]: synthesize, [MODULE.name]: materializeModule },
};
