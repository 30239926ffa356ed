import type { Node } from '../../engine/index.ts';
import { exec, input, script, step } from '../../phases/index.ts';
import { COPY_SOURCE, MIRROR_CONFIG, type ModuleContext, prepareNodes, providersInput, TERRAFORM_ENV } from './prepare.ts';

const WITH_DATA = `${MIRROR_CONFIG}${COPY_SOURCE}cp -RP /data /tmp/data
export TF_DATA_DIR=/tmp/data
if [ -f /lock/.terraform.lock.hcl ]; then cp /lock/.terraform.lock.hcl .; fi
`;

/** The test phase of a terraform component: `validate`, `fmt -check`, and `terraform test` where the source has tests. All cached. */
export function terraformTests(module: ModuleContext, hasTests: boolean): readonly Node[] {
  const { component, image, command, root, limits } = module;
  const prepared = [
    input('/source', module.source),
    input('/data', { node: `${component}/init`, output: 'data' }),
    input('/lock', { node: `${component}/init`, output: 'lock' }),
    ...providersInput(module),
  ];
  const run = (name: string, text: string): Node =>
    step(component, name, {
      inputs: prepared,
      action: exec({ image, argv: script(WITH_DATA + text, command, root), env: TERRAFORM_ENV, limits }),
    });
  return [
    ...prepareNodes(module),
    step(component, 'fmt', {
      inputs: [input('/source', module.source)],
      action: exec({
        image,
        argv: script('cd "/source/$2"\nrun "$1" fmt -check -diff -recursive -no-color\n', command, root),
        env: TERRAFORM_ENV,
        limits,
      }),
    }),
    run('validate', 'run "$1" validate -no-color\n'),
    ...(hasTests ? [run('test', 'run "$1" test -no-color\n')] : []),
  ];
}
