import { AtmosError } from '../base/errors.ts';
import type { Exec } from './node.ts';
import type { Ability, Runtime } from './runtime.ts';

/**
 * Whether a node may run where not everything is enforced that it needs: `strict` refuses, `best` runs and says what was not. Where neither is asked for,
 * it is `strict` for a node with secrets, `best` for any other.
 */
export const ISOLATIONS = ['strict', 'best'] as const;
export type Isolation = (typeof ISOLATIONS)[number];

/** What nodes with secrets can do without, unless it is asked for: engines' own networks lack the former two, and root on some machines the last. */
const SPARED: readonly Ability[] = ['no-link-local', 'no-own-address', 'no-root'];

/** What a command needs a runtime to enforce, beside what each one must. */
function needsOf({ network }: Exec): readonly Ability[] {
  const always: readonly Ability[] = ['memory-limit', 'cpu-limit', 'pids-limit', 'seccomp', 'no-root'];
  return network === 'bridge' ? [...always, 'own-network', 'no-link-local', 'no-own-address'] : always;
}

/** What is lacking without which a command does not run. */
export function refusals({ secrets }: Exec, lacking: readonly Ability[], isolation: Isolation | undefined): readonly Ability[] {
  if (isolation !== undefined) return isolation === 'strict' ? lacking : [];
  // An engine's networks reach these addresses: who minds asks for it.
  return secrets.length > 0 ? lacking.filter((ability) => !SPARED.includes(ability)) : [];
}

/** What a runtime does not enforce of what a command needs. */
export function unenforced(exec: Exec, { abilities }: Pick<Runtime, 'abilities'>): readonly Ability[] {
  return needsOf(exec).filter((ability) => !abilities.has(ability));
}

/** The error of a node that does not run because of what is lacking. */
export function notEnforced(
  { name, remedy }: Pick<Runtime, 'name' | 'remedy'>,
  lacking: readonly Ability[],
  secrets: Exec['secrets'],
): AtmosError {
  const see = remedy === undefined ? 'see what each runtime enforces: atmos-deployment doctor' : `have it enforced: ${remedy}`;
  const what = secrets.length > 0 ? 'this node, which holds secrets, needs' : 'this node needs';
  return new AtmosError(`${name} cannot enforce the isolation that ${what}: ${lacking.join(', ')}`, {
    kind: 'environment',
    code: 'isolation',
    hint: `${see}; or run without it: set deployments.engine.isolation: best in atmos.yaml`,
  });
}
