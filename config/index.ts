/**
 * Configuration: what one deployment's target is made of.
 *
 * In: `atmos.yaml`, deployment files, the stacks that they declare, read from the working tree or from a commit. Out: a `Scope`, plain data with
 * the origin of each value; values that another component has yet to produce stand in it as `Deferred`. Undeclared files are never opened.
 */

export type { TextCache } from '../yaml/index.ts';
export { backendOfItsOwn } from './checks/modules.ts';
export { type Findings, invalidPolicy, policyFile, violation } from './checks/policies.ts';
export { checkScope, kindErrors, settingProblems } from './checks/scope.ts';
export { validateDeployments } from './checks/validate.ts';
export { isDeferred, needsOf, resolveDeferred } from './deferred/deferred.ts';
export { isRead } from './deferred/read-need.ts';
export { withoutDisabled } from './deployment/enabled.ts';
export { type Deployment, type DeploymentSummary, listDeployments, loadDeployment } from './deployment/load.ts';
export { promotionPolicies } from './deployment/promotion.ts';
export { declaredComponents } from './deployment/sections.ts';
export type { Examine, GitFacts, ResolveOptions } from './evaluation/options.ts';
export { type KindPackage, type KindSource, type KindSpec, type KindSpecs, namedOnly, type SettingSpec } from './model/kinds.ts';
export { nearest, suggestion } from './model/nearest.ts';
export * from './model/scope.ts';
export type { ConfigSource } from './project/config-source.ts';
export { loadProject, type Project, type ProjectOptions } from './project/project.ts';
export type { RemoteSettings } from './project/remote.ts';
export { relativeTo, type SettingsEnv } from './project/settings-env.ts';
export { type StoreSettings, storeOf } from './project/stores.ts';
export { policyInput } from './resolve/policies.ts';
export { resolve } from './resolve/resolve.ts';
export { type ConfigFiles, findRoot, SETTINGS, workingTree } from './source/files.ts';
export { TOFU_VERSIONS, VERSIONS as GENERATED_VERSIONS, withGenerated } from './terraform/generated.ts';
export { quote } from './terraform/hcl.ts';
export { inspectModule, type TerraformModule, testModules } from './terraform/module.ts';
export { ownValues } from './terraform/own-values.ts';
export { isKnownPlace, isSamePlace, statePlace } from './terraform/state-place.ts';
export { originsOf } from './values/origins.ts';
export { targetSecrets } from './values/secrets.ts';
