/**
 * YAML functions: tags that compute a value (`!env NAME`).
 *
 * In: a scalar with its tag, and what evaluation knows. Out: the value, which may be a `Deferred`. A function is one entry of `YAML_FUNCTIONS`.
 */
import type { Json } from '../../engine/index.ts';
import { isDeferred } from '../deferred.ts';
import type { EvaluationContext } from '../evaluate.ts';
import { suggestion } from '../nearest.ts';
import { evaluateTemplate } from '../template-value.ts';
import { errorAt, type LocatedScalar } from '../yaml/located.ts';

/** @throws AtmosError `yaml-function` for a tag that names no function, or arguments that it does not take. */
export function yamlFunction(scalar: LocatedScalar, tag: string, context: EvaluationContext): Json {
  const call = Object.hasOwn(YAML_FUNCTIONS, tag) ? YAML_FUNCTIONS[tag] : undefined;
  if (call === undefined) {
    throw errorAt(scalar.at, `unknown YAML function ${tag}`, {
      code: 'yaml-function',
      hint: suggestion(tag, Object.keys(YAML_FUNCTIONS), 'YAML functions'),
    });
  }
  return call(scalar, scalar.value === null ? '' : String(scalar.value), context);
}

type YamlFunction = (scalar: LocatedScalar, text: string, context: EvaluationContext) => Json;

const YAML_FUNCTIONS: Readonly<Record<string, YamlFunction>> = {
  '!env': (scalar, text, context) => {
    const [name, fallback, ...rest] = argumentsOf(scalar, text, context);
    if (name === undefined || rest.length > 0) throw wrongArguments(scalar, '!env', 'NAME [default]');
    return context.env[name] ?? fallback ?? null;
  },
  '!template': (scalar, text, context) => {
    const value = evaluateTemplate(text, scalar, context);
    try {
      return typeof value === 'string' ? (JSON.parse(value) as Json) : value;
    } catch {
      // What is no JSON stays text, as in Atmos.
      return value;
    }
  },
  '!terraform.output': (scalar, text, context) => {
    const [component, output, ...rest] = argumentsOf(scalar, text, context);
    if (component === undefined || output === undefined || rest.length > 0) {
      throw wrongArguments(scalar, '!terraform.output', '<a terraform component of this deployment> <output>');
    }
    const holder = `(index outputs.terraform ${JSON.stringify(component)})`;
    const template = /^[A-Za-z_]\w*$/.test(output)
      ? `{{ ${holder}.${output} }}`
      : `{{ (index outputs.terraform ${JSON.stringify(component)} ${JSON.stringify(output)}) }}`;
    return evaluateTemplate(template, scalar, { ...context, delimitersOf: () => ({ left: '{{', right: '}}' }) });
  },
};

/** Words, or texts in quotes; templates in them are evaluated first. */
function argumentsOf(scalar: LocatedScalar, text: string, context: EvaluationContext): readonly string[] {
  const value = evaluateTemplate(text, scalar, context);
  if (isDeferred(value) || typeof value !== 'string') {
    throw errorAt(scalar.at, `the arguments of ${scalar.tag} must be known beforehand`, { code: 'yaml-function' });
  }
  return [...value.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(([, double, single, word]) => double ?? single ?? word ?? '');
}

function wrongArguments(scalar: LocatedScalar, tag: string, usage: string) {
  return errorAt(scalar.at, `${tag} does not take these arguments`, { code: 'yaml-function', hint: `write: ${tag} ${usage}` });
}
