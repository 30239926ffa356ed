import type { AtmosError, Json, JsonObject } from '../../engine/index.ts';
import {
  actionValue,
  type EvaluationOptions,
  inline,
  memberOf,
  operandsOf,
  parseTemplate,
  render,
  type Template,
  TemplateError,
  UNKNOWN,
  withFunctions,
} from '../../gotemplate/index.ts';
import { errorAt, type LocatedScalar, type Place } from '../../yaml/index.ts';
import { producedFunctions } from '../deferred/deferred.ts';
import { suggestion } from '../model/nearest.ts';
import type { Deferred, Need } from '../model/scope.ts';
import { storeOf } from '../project/stores.ts';
import { asWritten } from '../templates/as-written.ts';
import { calledLater, type Known } from './called-later.ts';
import type { EvaluationContext } from './context.ts';
import { settleStatic } from './static-outputs.ts';

/**
 * The value of a text that may be a template. One that reads no outputs gives text at once. One that does gives a `Deferred`: the template with
 * all that is known by now put in, and the fields that it may read.
 * @throws AtmosError `template`, `unknown-component`, `unknown-field`
 */
export function evaluateTemplate(written: string, scalar: LocatedScalar, context: EvaluationContext): Json {
  const delimiters = context.delimitersOf(scalar.at.document.file);
  if (delimiters === undefined || !written.includes(delimiters.left)) return written;
  let source = written;
  try {
    let template = parseTemplate(written, delimiters);
    const options = { functions: withFunctions(context.functions), missingKey: 'default' } as const;
    source = calledLater(written, template, knownOf(context, template, options));
    if (source !== written) template = parseTemplate(source, delimiters);
    if (!readsProduced(template)) {
      const value = asWritten(source, template, delimiters, (one) => render(one, context.data, options));
      const isAgain = context.evaluations > 1 && typeof value === 'string';
      return isAgain ? evaluateTemplate(value, scalar, { ...context, evaluations: context.evaluations - 1 }) : value;
    }
    if (delimiters.left !== '{{') {
      throw errorAt(scalar.at, 'outputs can be read only in templates with the delimiters {{ and }}', { code: 'template' });
    }
    const needs = new Map<string, Need>();
    const fixedNeeds = new Map<string, Need>();
    const problems: AtmosError[] = [];
    // Evaluated once with its outputs unknown: both ways of what depends on them are gone, so that all needs are met.
    const read = (need: Need) => {
      if (context.statics.has(need.component)) {
        fixedNeeds.set(`${need.component}#${need.field}`, need);
        return UNKNOWN;
      }
      const problem = checkNeed(need, scalar, context);
      if (problem === undefined) needs.set(`${need.component}#${need.field}`, need);
      else problems.push(problem);
      return UNKNOWN;
    };
    render(template, context.data, { ...options, functions: withFunctions(producedFunctions(read), options.functions) });
    if (problems[0] !== undefined) throw problems[0];
    const fixed = new Set(Object.keys(context.functions));
    const left = inline(source, template, { ...options, data: context.data, fixed });
    const [first] = fixedNeeds.values();
    if (first !== undefined) {
      if (needs.size === 0) return settleStatic(left, [...fixedNeeds.values()], context.statics, scalar.at);
      throw errorAt(scalar.at, `mixes static outputs of ${first.component} with outputs that are known only after apply`, {
        code: 'template',
        hint: 'use separate values',
      });
    }
    const deferred = { template: left, needs: [...needs].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, need]) => need) };
    return { $deferred: deferred } satisfies Deferred as unknown as JsonObject;
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    throw errorAt(placeIn(scalar, source, error.at), `template: ${error.message}`, { code: 'template', cause: error });
  }
}

function knownOf(
  { components, statics, places, reads, stored, host, data }: EvaluationContext,
  template: Template,
  options: EvaluationOptions,
): Known {
  return {
    components: () => [...components, ...statics.keys()],
    stores: host.stores,
    stack: String(memberOf(data, 'atmos_stack') ?? ''),
    places,
    reads,
    stored,
    self: `terraform/${String(memberOf(data, 'atmos_component') ?? '')}`,
    read: (operand) => {
      const { at, end } = operand;
      try {
        return actionValue(template, { declares: [], assigns: false, commands: [{ args: [operand], at, end }], at }, data, options);
      } catch (error) {
        // It reads a variable of the template, or fails: which is told when the template itself is evaluated.
        if (error instanceof TemplateError) return undefined;
        throw error;
      }
    },
  };
}

/** Whether a template reads what other components make. */
function readsProduced(template: Template): boolean {
  for (const operand of operandsOf(template)) {
    if (operand.kind === 'function' && ['outputs', 'output', 'read', 'nixpack', 'store', 'stored'].includes(operand.name)) return true;
  }
  return false;
}

/** Where an offset of a template lies in its file: in the text as it was written, if that holds the template letter by letter. */
function placeIn(scalar: LocatedScalar, source: string, offset: number): Place {
  const { document, offset: start, length } = scalar.at;
  const inText = document.text.slice(start, start + length).indexOf(source);
  return scalar.tag !== undefined || inText === -1 ? scalar.at : { document, offset: start + inText + offset, length: 1 };
}

function checkNeed(
  { component, field }: Need,
  scalar: LocatedScalar,
  { components, images, reads }: EvaluationContext,
): AtmosError | undefined {
  if (storeOf({ component }) !== undefined || reads.get(component) !== undefined) return undefined;
  if (!components.has(component)) {
    return errorAt(scalar.at, `reads "${field}" of ${component}, which is not a component of this deployment`, {
      code: 'unknown-component',
      hint: suggestion(component, [...components], 'components'),
    });
  }
  if (images.has(component) && field !== 'image' && field !== 'digest') {
    return errorAt(scalar.at, `${component} has no "${field}"`, {
      code: 'unknown-field',
      hint: suggestion(field, ['image', 'digest'], 'the fields of an image'),
    });
  }
  return undefined;
}
