import type { Json } from '../../engine/index.ts';
import {
  APPEND,
  errorAt,
  type Located,
  type LocatedLayers,
  type LocatedScalar,
  locate,
  type Place,
  plain,
  scalarJson,
} from '../../yaml/index.ts';
import { isDeferred } from '../deferred/deferred.ts';
import type { EvaluationContext } from '../evaluation/context.ts';
import { evaluateTemplate } from '../evaluation/template-value.ts';
import { functionIn, yamlFunction } from '../functions/index.ts';

/** Evaluates a section: templates and YAML functions. */
export function evaluate(value: Located, context: EvaluationContext): Json {
  if (value.kind !== 'scalar' && value.tag !== undefined && !(value.kind === 'list' && value.tag === APPEND)) {
    throw errorAt(value.at, `${value.tag} does not take a ${value.kind}`, { code: 'yaml-function' });
  }
  switch (value.kind) {
    case 'map':
      return Object.fromEntries(
        Array.from(value.entries)
          .filter(([, entry]) => !isUnset(entry.value))
          .map(([key, entry]) => [keyName(key, entry.keyAt, context), evaluate(entry.value, context)]),
      );
    case 'list':
      return value.items.filter((item) => !isUnset(item)).map((item) => evaluate(item, context));
    case 'scalar':
      return evaluateScalar(value, context);
    case 'layers':
      return evaluateLayers(value, context);
    default:
      return value satisfies never;
  }
}

/** `!unset` takes away what it stands for, with its key. */
export function isUnset(value: Located): boolean {
  return value.kind === 'scalar' && (value.tag === '!unset' || (typeof value.value === 'string' && value.value.startsWith('!unset')));
}

/** A key of a map, whose templates are evaluated. */
export function keyName(key: string, at: Place, context: EvaluationContext): string {
  if (!key.includes('{{') && !key.includes('<<')) return key;
  const name = evaluateTemplate(key, { kind: 'scalar', value: key, tag: undefined, at }, context);
  if (isDeferred(name)) throw errorAt(at, 'a key must be known in advance', { code: 'template' });
  return String(name);
}

/** What functions gave merges like values that were written there. */
function evaluateLayers({ layers, at }: LocatedLayers, context: EvaluationContext): Json {
  const last = layers.at(-1);
  const top = last === undefined ? undefined : evaluate(last, context);
  // What is replaced as a whole need not be known.
  if (['string', 'number', 'boolean'].includes(typeof top) && top !== undefined) return top;
  const merged = layers.reduce<{ readonly value: Json; readonly located: Located } | undefined>((base, layer) => {
    const value = layer === last && top !== undefined ? top : evaluate(layer, context);
    const located = locate(value, layer.at);
    const whole =
      base === undefined || isDeferred(value) || isDeferred(base.value)
        ? located
        : (context.merger.merge(base.located, located) ?? located);
    return { value: plain(whole), located: whole };
  }, undefined);
  if (merged === undefined) throw errorAt(at, 'a value is missing here', { code: 'wrong-type' });
  return merged.value;
}

/** A text that a template made: the value of the YAML function that it begins with, else itself. */
export function evaluateText(text: string, at: Place, context: EvaluationContext): Json {
  const written = functionIn(text);
  return written === undefined ? text : yamlFunction({ kind: 'scalar', value: written.text, tag: undefined, at }, written.tag, context);
}

function evaluateScalar(scalar: LocatedScalar, context: EvaluationContext): Json {
  if (scalar.tag !== undefined) return yamlFunction(scalar, scalar.tag, context);
  if (typeof scalar.value !== 'string') return scalarJson(scalar.value);
  const written = functionIn(scalar.value);
  if (written !== undefined) return yamlFunction({ ...scalar, value: written.text }, written.tag, context);
  const value = evaluateTemplate(scalar.value, scalar, context);
  // What a template made may be a function: templates come first.
  const made = typeof value === 'string' && value !== scalar.value ? evaluateText(value, scalar.at, context) : value;
  // As in Atmos, a text does not begin with line breaks.
  return typeof made === 'string' ? made.replace(/^\n{1,2}/, '') : made;
}
