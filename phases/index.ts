/**
 * Phases: a resolved scope, or a release, becomes a graph of nodes. The one place that knows configuration, containers and releases at once.
 *
 * In: a `Scope` with its `Ground` (sources, images, gathered before), or a `Release` with its layers. Out: graphs; expansion is pure. After a run:
 * the parts of a release, the summaries of plans, the digests of outputs. Adding a component kind touches its folder and one registry line.
 */
export { COMPUTES } from './computes.ts';
export { backendTree, type Elsewhere, expandElsewhere } from './elsewhere.ts';
export { gatherGround, providersOf } from './gather.ts';
export { type Ground, imageNames, type SourceOf, type TakenOver, terraformImage } from './ground.ts';
export { countTests, type TestCounts } from './junit.ts';
export { lockOf, takeApart, takeOver } from './layers.ts';
export { describeProviders, findProviders, impliedMirrors } from './mirror.ts';
export { type PolicyAnswer, policyAnswer, policyOf } from './policies.ts';
export { elsewhereReadsOf, outputReadsOf, storeReadsOf, upstreamOf } from './reads.ts';
export { expandBuild, expandRelease, expandTests, releaseParts } from './release.ts';
export {
  expandOutputs,
  expandRollout,
  expandState,
  type Instance,
  type Instances,
  type LayerTrees,
  type NodeOperation,
  type Rollout,
  unknownIn,
} from './rollout.ts';
export type { ProviderSources, Sources } from './sources.ts';
export {
  type Diagnostic,
  outputsDigest,
  outputValues,
  PLAN_INPUT,
  type PlannedOutputs,
  type PlanSummary,
  plannedOutputs,
  readApplyWarnings,
  readDiagnostic,
  readPlan,
  readUiDiagnostic,
  sensitiveValues,
  type TerraformWarning,
} from './terraform/index.ts';
export { userNodes } from './user-nodes.ts';
