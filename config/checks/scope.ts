import type { AtmosError } from '../../engine/index.ts';
import type { Scope } from '../model/scope.ts';
import type { ModuleSource } from '../project/config-source.ts';
import { pathProblems } from './kind-paths.ts';
import { moduleProblems } from './modules.ts';
import { type Findings, policyProblems } from './policies.ts';
import { warningsOf } from './values.ts';

/** All that can be told of a target before anything runs: what is wrong, and what is allowed and had better be looked at. */
export async function checkScope(scope: Scope, source: ModuleSource): Promise<Findings> {
  const own = Object.values(scope.components).flatMap(({ problems }): readonly AtmosError[] => problems ?? []);
  const modules = await moduleProblems(scope, source);
  const paths = await pathProblems(scope, source.files);
  const policies = await policyProblems(scope, source.files);
  const errors = [...own, ...paths, ...modules, ...policies.errors];
  // Modules that can't be read are told already.
  const warnings = errors.length > 0 ? [] : await warningsOf(scope, source);
  return { errors, warnings: [...warnings, ...policies.warnings] };
}
