import { type ComputeFunction, makeTree, overlay, prettyJson, subtree } from '../../engine/index.ts';
import { readJson, settledReferences, type VariablesArgs } from '../../phases/index.ts';

export const MODULE = { name: 'terraform-module', version: 5 } as const;

/** Arguments of the module node. */
export interface ModuleArgs extends VariablesArgs {
  /** Directory of the root module in the source tree. */
  readonly root: string;
}

/**
 * The file with a component's variables. Of files that Terraform loads by itself the last one counts, in the order of their names: it wins over the
 * component's own `terraform.tfvars` and `*.auto.tfvars`, as what Atmos gives by `-var-file` does; and it is there again when a plan is applied, which
 * ephemeral variables need.
 */
export const VARS_FILE = '~~atmos-deployment.auto.tfvars.json';

/** Generated files that Terraform reads, in the root module's directory. */
const GENERATED = ['backend.tf.json', 'providers_override.tf.json', '.terraform.lock.hcl'];

/**
 * Makes the directory that Terraform runs in from a component's layer, with what its references now stand for.
 * Inputs `layer`, `outputs/<address>` and `stores`; output `module`.
 */
export const materializeModule: ComputeFunction = async (json, io) => {
  const args = json as unknown as ModuleArgs;
  const layer = io.input('layer');
  const vars = { ...(await readJson(layer, 'terraform.tfvars.json', io)), ...(await settledReferences('vars', args, io)) };
  const tfvars = { path: VARS_FILE, mode: '644' as const, ...(await io.put(prettyJson(vars))) };
  const generated = makeTree([...layer.entries.filter(({ path }) => GENERATED.includes(path)), tfvars]);
  return {
    module: overlay([
      { at: '', tree: subtree(layer, 'source') },
      { at: args.root, tree: generated },
    ]),
  };
};
