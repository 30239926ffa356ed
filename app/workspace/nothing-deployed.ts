import { AtmosError, type TargetRef } from '../../engine/index.ts';

/** The refusal where nothing is deployed to a target, with the command that changes that. */
export function nothingDeployed({ deployment, target }: TargetRef): AtmosError {
  return new AtmosError(`nothing is deployed to ${target}`, {
    kind: 'refused',
    code: 'nothing-deployed',
    hint: `deploy it first: atmos-deployment rollout ${deployment} --target ${target}`,
  });
}
