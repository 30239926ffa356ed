import { type AtmosError, allSettled } from '../../engine/index.ts';
import { errorAt } from '../../yaml/index.ts';
import type { Examine } from '../evaluation/options.ts';
import type { Scope, ScopedComponent } from '../model/scope.ts';
import type { ModuleSource } from '../project/config-source.ts';
import { placeIn } from '../values/origins.ts';
import { pathProblems } from './kind-paths.ts';
import { moduleProblems } from './modules.ts';
import { type Findings, policyProblems } from './policies.ts';
import { warningsOf } from './values.ts';

/** What is wrong with the settings of a target's components: all that building and testing them depends on. */
export async function settingProblems(scope: Scope, { files }: ModuleSource): Promise<readonly AtmosError[]> {
  const own = Object.values(scope.components).flatMap(({ problems }): readonly AtmosError[] => problems ?? []);
  const commands = Object.values(scope.components).flatMap((component) => commandProblem(component) ?? []);
  return [...own, ...commands, ...(await pathProblems(scope, files))];
}

/** A program that there is no image of: another one would not do what it does. */
function commandProblem(component: ScopedComponent): AtmosError | undefined {
  const { address, sections, spec } = component;
  const { command } = sections;
  if (spec.commands === undefined || command === undefined || spec.commands.includes(command as string)) return undefined;
  return errorAt(placeIn(component, ['command']), `${address}: its command can't be ${JSON.stringify(command)}`, {
    code: 'not-supported',
    hint: `it is ${spec.commands.map((one) => `"${one}"`).join(' or ')}; its version is set by deployments.images in atmos.yaml`,
  });
}

/** What kinds say is wrong with a target's components: only they know what comes of settings. */
export async function kindErrors(scope: Scope, examine: Examine): Promise<readonly AtmosError[]> {
  const found = await allSettled(Object.values(scope.components), async (component) => {
    const wrong = await examine(component);
    if (typeof wrong !== 'string') return wrong;
    return errorAt(placeIn(component, ['settings', component.spec.name]), wrong, { code: 'wrong-commands' });
  });
  return found.filter((one) => one !== undefined);
}

/** All that can be told of a target before anything runs: what is wrong, and what is allowed and had better be looked at. */
export async function checkScope(scope: Scope, source: ModuleSource): Promise<Findings> {
  const settings = await settingProblems(scope, source);
  const modules = await moduleProblems(scope, source);
  const policies = await policyProblems(scope, source.files);
  const errors = [...settings, ...modules, ...policies.errors];
  // Modules that can't be read are told already.
  const warnings = errors.length > 0 ? [] : await warningsOf(scope, source);
  return { errors, warnings: [...warnings, ...policies.warnings] };
}
