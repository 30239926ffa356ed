/**
 * Configuration: what one deployment's target is made of.
 *
 * In: `atmos.yaml`, deployment files, the stacks that they declare, read from the working tree or from a commit. Out: a `Scope`, plain data with
 * the origin of each value; values that another component has yet to produce stand in it as `Deferred`. Undeclared files are never opened.
 */

export type { TextCache } from '../yaml/index.ts';
export { backendOfItsOwn } from './check-modules.ts';
export { type Findings, invalidPolicy, policyFile, violation } from './check-policies.ts';
export { checkScope } from './check-scope.ts';
export { isDeferred, needsOf, settle } from './deferred.ts';
export { type Deployment, type DeploymentSummary, listDeployments, loadDeployment } from './deployment/load.ts';
export { promotionPolicies } from './deployment/promotion.ts';
export { declaredComponents } from './deployment/sections.ts';
export { withoutDisabled } from './enabled.ts';
export { type ConfigFiles, findRoot, SETTINGS, workingTree } from './files.ts';
export { VERSIONS as GENERATED_VERSIONS, withGenerated } from './generated.ts';
export { quote } from './hcl.ts';
export { nearest, suggestion } from './nearest.ts';
export { originsOf } from './origins.ts';
export { ownValues } from './own-values.ts';
export { policyInput } from './policies.ts';
export { loadProject, type Project, type RemoteSettings } from './project.ts';
export { isRead } from './read-need.ts';
export { type GitFacts, type ResolveOptions, resolve } from './resolve.ts';
export * from './scope.ts';
export { targetSecrets } from './secrets.ts';
export { relativeTo, type SettingsEnv } from './settings-env.ts';
export { isKnownPlace, isSamePlace, statePlace } from './state-place.ts';
export { type StoreSettings, storeOf } from './stores.ts';
export { inspectModule, type TerraformModule, testModules } from './terraform-module.ts';
export { validateDeployments } from './validate.ts';
