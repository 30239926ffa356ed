/**
 * Phases: a resolved scope, or a release, becomes a graph of nodes, by asking the kinds of its components. Names no kind.
 *
 * In: the kinds that there are, a `Scope` with its `ExpansionInputs` (sources, images, gathered before), or a `Release` with its layers. Out: graphs;
 * expansion is pure. After a run: the parts of a release, the digests of outputs. `kind.ts` is what a kind must have.
 */
export { environmentOf } from './environment.ts';
export { gatherInputs, imageNames, takeOver } from './gather.ts';
export { fieldsOf, IMAGE_FILE, type ImageFields } from './image-fields.ts';
export { holdsDeferred, type ImageArgs, imageReads, producedImages } from './image-reads.ts';
export type { ExpansionInputs, From, ModuleSource, SourceOf, TakenOver } from './inputs.ts';
export { countTests, type TestCounts } from './junit.ts';
export {
  type ComponentKind,
  type Diagnosis,
  type Instance,
  type Instances,
  type Kinds,
  kindOf,
  type NodeFailure,
  type Opened,
  type OpenRequest,
  type PlanOptions,
  type ReleaseContext,
  type RolloutKind,
  type StatePlace,
  type UpstreamReads,
} from './kind.ts';
export { outputsDigest, outputValues, sensitiveNames, sensitiveValues } from './outputs.ts';
export { plainSource, sourceFiles } from './plain-source.ts';
export type { AttributeChange, ChangeDetails, PlannedChange, PlannedOutputs, PlanSummary, ToolWarning } from './plan-summary.ts';
export { type PolicyAnswer, policyAnswer, policyOf } from './policies.ts';
export { elsewhereReadsOf, outputReadsOf, storeReadsOf, upstreamOf } from './reads.ts';
export { expandBuild, expandRelease, expandTests, releaseParts } from './release.ts';
export { inRepository, refuseOutside } from './repository-paths.ts';
export { expandOutputs, expandRollout, expandState, type NodeOperation, type Rollout, unknownIn } from './rollout.ts';
export { singleFile } from './single-file.ts';
export type { ProviderSources, Sources } from './sources.ts';
export { exec, input, PLAN_INPUT, script, step } from './step.ts';
export { readJson, settledReferences, type VariablesArgs, variablesNode } from './upstream.ts';
export { userNodes } from './user-nodes.ts';
