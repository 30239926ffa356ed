import { AtmosError } from '../engine/index.ts';
import type { TargetState } from './types.ts';

/** Whether a ledger is that of a deployment whose root lies there in the Git repository; one that does not say whose it is, is everybody's. */
export function isOwnedBy({ root }: TargetState, own: string): boolean {
  return root === undefined || root === own;
}

/** Two deployments of one name, in two directories of a repository, would take each other's records for their own. */
export function otherOwner({ deployment, target, root = '' }: TargetState, own: string): AtmosError {
  const place = (dir: string): string => (dir === '' ? 'at the top of the repository' : `in ${dir}`);
  return new AtmosError(
    `the ledger of ${deployment}/${target} belongs to the deployment "${deployment}" ${place(root)}; this one is ${place(own)}`,
    { kind: 'refused', code: 'other-owner', hint: 'rename one of the deployments: ledgers are identified by deployment name' },
  );
}
