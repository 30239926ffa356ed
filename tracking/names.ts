import { AtmosError, type TargetRef } from '../engine/index.ts';

/** Names of deployments and targets, as the deployment file's schema has them: a part of a ref (git-check-ref-format(1)). */
const NAME = /^[A-Za-z0-9_](?:[A-Za-z0-9_-]|\.(?=[A-Za-z0-9_-]))*$/;

/** @throws AtmosError `unknown-deployment`, `unknown-target` for what no name can be */
export function checkNames({ deployment, target }: TargetRef): void {
  for (const [what, name] of [
    ['deployment', deployment],
    ['target', target],
  ] as const) {
    if (NAME.test(name) && !name.endsWith('.lock')) continue;
    throw new AtmosError(`invalid ${what} name "${name}"`, {
      kind: 'invalid',
      code: `unknown-${what}`,
      hint: 'use letters, digits, - and _; list deployments: atmos-deployment list',
    });
  }
}
