import type { AtmosError } from '../../engine/index.ts';
import { errorAt, itemsOf, type Located, mapOf, member, plain } from '../../yaml/index.ts';
import { reservedVariable } from '../terraform/env.ts';

/** The phases that run nodes of the user's own. */
const WITH_NODES: readonly string[] = ['build', 'test', 'verify'];

/** What the file's form allows and this version does not do yet: left alone, it would silently have no effect. */
export function checkSupported(root: Located | undefined): readonly AtmosError[] {
  const unsupported = (at: Located['at'], what: string, hint: string): AtmosError =>
    errorAt(at, `${what} yet`, { code: 'not-supported', hint });
  const vendor = member(root, 'vendor');
  const phases = [...(mapOf(member(root, 'phases'), '"phases"')?.entries ?? [])];
  const targets = [...(mapOf(member(root, 'targets'), '"targets"')?.entries ?? [])];
  return [
    ...(vendor === undefined ? [] : [unsupported(vendor.at, '"vendor" is not supported', 'keep the components in the repository')]),
    ...phases
      .filter(([phase, { value }]) => !WITH_NODES.includes(phase) && itemsOf(value, `"${phase}"`).length > 0)
      .map(([phase, { keyAt }]) =>
        unsupported(keyAt, `the phase "${phase}" does not support user nodes`, `phases that do: ${WITH_NODES.join(', ')}`),
      ),
    ...targets.flatMap(([, { value }]) =>
      [...(mapOf(member(value, 'secrets'), '"secrets"')?.entries ?? [])].flatMap(([name, { keyAt }]) => {
        // Whatever its value, nobody who approves a release sees it.
        const instead = reservedVariable(name, undefined);
        return instead === undefined
          ? []
          : [errorAt(keyAt, `"${name}" can't be set by a secret`, { code: 'reserved-variable', hint: instead })];
      }),
    ),
    ...targets.flatMap(([, { value }]) => {
      const method = member(member(value, 'promotion'), 'approval_method');
      return method !== undefined && plain(method) === 'ci'
        ? [unsupported(method.at, 'approval by the CI platform is not supported', 'approvals are recorded with: atmos-deployment approve')]
        : [];
    }),
  ];
}
