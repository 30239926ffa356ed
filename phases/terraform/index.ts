/** Terraform and OpenTofu components: one file a phase. */
export { type Diagnostic, readDiagnostic } from './diagnostic.ts';
export { layOutModule, MODULE, type ModuleArgs, outputValues, sensitiveValues } from './module.ts';
export { type PlannedOutputs, plannedOutputs } from './planned-outputs.ts';
export { prepareNodes, type Workbench } from './prepare.ts';
export { outputsDigest, type PlanSummary, readApplyWarnings, readPlan, readUiDiagnostic, type TerraformWarning } from './summary.ts';
export { backendFile, SYNTH, type SynthArgs, synthesize } from './synth.ts';
export { terraformTests } from './test.ts';
export { applyNode, outputsNode, PLAN_INPUT, planNode, pushNode, type Site, unlockNode } from './world.ts';
