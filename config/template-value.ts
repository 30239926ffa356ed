import type { AtmosError, Json, JsonObject } from '../engine/index.ts';
import { producedFunctions } from './deferred.ts';
import type { EvaluationContext } from './evaluate.ts';
import { suggestion } from './nearest.ts';
import type { Deferred, Need } from './scope.ts';
import {
  FUNCTIONS,
  inline,
  type Operand,
  type Pipe,
  parseTemplate,
  render,
  TemplateError,
  type TemplateNode,
  UNKNOWN,
} from './templates/index.ts';
import { errorAt, type LocatedScalar, type Place } from './yaml/located.ts';

/**
 * The value of a text that may be a template. One that reads no outputs gives text at once. One that does gives a `Deferred`: the template with
 * all that is known by now put in, and the fields that it may read.
 * @throws AtmosError `template`, `unknown-component`, `unknown-field`
 */
export function evaluateTemplate(source: string, scalar: LocatedScalar, context: EvaluationContext): Json {
  const delimiters = context.delimitersOf(scalar.at.document.file);
  if (delimiters === undefined || !source.includes(delimiters.left)) return source;
  try {
    const template = parseTemplate(source, delimiters);
    const options = { functions: { ...FUNCTIONS, ...context.functions }, missingKey: 'default' } as const;
    const isDeferred = [template.body, ...template.defined.values()].some((body) => body.some(reachesOutputs));
    if (!isDeferred) return render(template, context.data, options);
    if (delimiters.left !== '{{') {
      throw errorAt(scalar.at, 'outputs can be read only in templates with the delimiters {{ and }}', { code: 'template' });
    }
    const needs = new Map<string, Need>();
    const problems: AtmosError[] = [];
    // Evaluated once with its outputs unknown: both ways of what depends on them are gone, so that all needs are met.
    const read = (need: Need) => {
      const problem = checkNeed(need, scalar, context);
      if (problem === undefined) needs.set(`${need.component}#${need.field}`, need);
      else problems.push(problem);
      return UNKNOWN;
    };
    render(template, context.data, { ...options, functions: { ...options.functions, ...producedFunctions(read) } });
    if (problems[0] !== undefined) throw problems[0];
    const fixed = new Set(Object.keys(context.functions));
    const left = inline(source, template, { ...options, data: context.data, fixed });
    const deferred = { template: left, needs: [...needs].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, need]) => need) };
    return { $deferred: deferred } satisfies Deferred as unknown as JsonObject;
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    throw errorAt(placeIn(scalar, source, error.at), `template: ${error.message}`, { code: 'template', cause: error });
  }
}

/** Where an offset of a template lies in its file: in the text as it was written, if that holds the template letter by letter. */
function placeIn(scalar: LocatedScalar, source: string, offset: number): Place {
  const { document, offset: start, length } = scalar.at;
  const inText = document.text.slice(start, start + length).indexOf(source);
  return scalar.tag !== undefined || inText === -1 ? scalar.at : { document, offset: start + inText + offset, length: 1 };
}

function checkNeed({ component, field }: Need, scalar: LocatedScalar, { components }: EvaluationContext): AtmosError | undefined {
  if (!components.has(component)) {
    return errorAt(scalar.at, `reads "${field}" of ${component}, which is not a component of this deployment`, {
      code: 'unknown-component',
      hint: suggestion(component, [...components], 'components'),
    });
  }
  if (component.startsWith('nixpack/') && field !== 'image' && field !== 'digest') {
    return errorAt(scalar.at, `${component} has no "${field}"`, {
      code: 'unknown-field',
      hint: suggestion(field, ['image', 'digest'], 'the fields of an image'),
    });
  }
  return undefined;
}

function reachesOutputs(node: TemplateNode): boolean {
  switch (node.kind) {
    case 'text':
    case 'break':
    case 'continue':
      return false;
    case 'action':
      return pipeReaches(node.pipe);
    case 'if':
    case 'with':
    case 'range':
      return pipeReaches(node.pipe) || node.body.some(reachesOutputs) || (node.otherwise?.some(reachesOutputs) ?? false);
    case 'template':
      return node.pipe !== undefined && pipeReaches(node.pipe);
    default:
      return node satisfies never;
  }
}

function pipeReaches(pipe: Pipe): boolean {
  return pipe.commands.some((command) => command.args.some(operandReaches));
}

function operandReaches(operand: Operand): boolean {
  if (operand.kind === 'function') return operand.name === 'outputs' || operand.name === 'nixpack';
  return operand.kind === 'pipe' && pipeReaches(operand.pipe);
}
