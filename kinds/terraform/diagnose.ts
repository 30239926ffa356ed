import { join } from 'node:path/posix';
import {
  type ConfigFiles,
  type Origin,
  originsOf,
  type ScopedComponent,
  TOFU_VERSIONS,
  GENERATED_VERSIONS as VERSIONS,
} from '../../config/index.ts';
import type { Digest, Position } from '../../engine/index.ts';
import type { Diagnosis, NodeFailure } from '../../phases/index.ts';
import { adviceOn } from './advice.ts';
import { type Diagnostic, readDiagnostic } from './diagnostic.ts';
import { readUiDiagnostic } from './summary.ts';

/** What Terraform says went wrong, at the file and line that it names, or where the value was set; `undefined` where a node failed otherwise. */
export async function diagnose(failure: NodeFailure): Promise<Diagnosis | undefined> {
  const { outcome, store, files, component } = failure;
  if (outcome.error.code !== 'exit-code') return undefined;
  const diagnostic = (await ofOutputs(outcome.outputs, store)) ?? readDiagnostic(outcome.tail);
  if (diagnostic === undefined) return undefined;
  const { summary, detail } = diagnostic;
  const place = placeOf(diagnostic, component);
  return {
    text: `${summary}${detail === '' ? '' : `: ${detail}`}`,
    code: 'terraform',
    position: place === undefined ? undefined : await positionIn(files, place),
    hint: adviceOn(diagnostic, failure) ?? 'Fix it and rerun.',
  };
}

/** What Terraform's machine-readable UI says went wrong, of a plan or an apply. */
async function ofOutputs(
  { plan, outputs }: Readonly<Record<string, Digest>>,
  store: NodeFailure['store'],
): Promise<Diagnostic | undefined> {
  if (plan !== undefined) return readUiDiagnostic(plan, 'plan.jsonl', store);
  return outputs === undefined ? undefined : readUiDiagnostic(outputs, 'apply.jsonl', store);
}

/** Where the value was set that a generated file holds, else where Terraform says. */
function placeOf({ summary, file, line, variable }: Diagnostic, component: ScopedComponent | undefined): Origin | undefined {
  if (component === undefined || file === undefined || line === undefined) return undefined;
  const section = file === VERSIONS || file === TOFU_VERSIONS ? sectionOf(summary) : undefined;
  const named = { file: join(component.source, file), line };
  if (variable === undefined && section === undefined) return named;
  const pointer = variable === undefined ? `/${section}` : `/vars/${variable}`;
  return Object.entries(originsOf(component)).find(([name]) => name === pointer || name.startsWith(`${pointer}/`))?.[1] ?? named;
}

/** Of the file that stacks have made, the section that an error is about. */
function sectionOf(summary: string): 'required_version' | 'required_providers' {
  return /Terraform Core version|OpenTofu Core version|Incompatible module|required_version/i.test(summary)
    ? 'required_version'
    : 'required_providers';
}

/** `undefined` when the file is not one of the repository's: Terraform also names files that were generated. */
async function positionIn(files: ConfigFiles, { file, line }: Origin): Promise<Position | undefined> {
  const content = await files.read(file);
  if (content === undefined) return undefined;
  const lines = Buffer.from(content).toString('utf8').split('\n');
  const first = Math.max(1, line - 1);
  const text = lines[line - 1] ?? '';
  const column = text.length - text.trimStart().length + 1;
  return { file, line, column, length: Math.max(1, text.trim().length), excerpt: { first, lines: lines.slice(first - 1, line) } };
}
