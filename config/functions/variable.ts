import { memberOf, onlyCall, parseTemplate, TemplateError } from '../../gotemplate/index.ts';
import { errorAt, type LocatedScalar } from '../../yaml/index.ts';
import type { EvaluationContext } from '../evaluation/context.ts';
import { evaluateTemplate } from '../evaluation/template-value.ts';
import type { ValueSource } from '../model/scope.ts';
import { unquoted, wordsOf } from './words.ts';

/** What a variable is: known, or where its value is read from. */
export type Found = { readonly value: string } | { readonly source: ValueSource };

/** How often one variable of a component's `env` may be another one. */
const DEEPEST = 20;

/**
 * What `!env NAME` stands for: what the component's own `env` says of it, which may be another variable, a template or a command; else the machine's.
 * @throws AtmosError `yaml-function` for variables in a circle
 */
export function findVariable(
  name: string,
  fallback: string | undefined,
  scalar: LocatedScalar,
  context: EvaluationContext,
  depth = 0,
): Found {
  if (depth > DEEPEST) {
    throw errorAt(scalar.at, `cycle in env: the variable ${name} is defined by itself`, {
      code: 'yaml-function',
      hint: 'give one of them a value',
    });
  }
  const own = memberOf(memberOf(context.data, 'env'), name);
  if (own === undefined || own === null) return ofMachine(name, fallback, context);
  const { tag, text } = calledIn(String(own)) ?? { tag: undefined, text: String(own) };
  if (tag === '!env') {
    const [other = '', otherwise, ...rest] = wordsOf(known(text, scalar, context)).map((word) => unquoted(word.text));
    if (rest.length > 0) return { value: String(own) };
    // Of itself: the machine's.
    return other === name ? ofMachine(name, otherwise ?? fallback, context) : findVariable(other, otherwise, scalar, context, depth + 1);
  }
  if (tag === '!exec') return { source: { exec: known(text, scalar, context) } };
  if (tag !== undefined) return { value: String(own) };
  const asked = secretTemplate(text, scalar, context);
  return asked === undefined ? { value: known(text, scalar, context) } : { source: asked };
}

function ofMachine(name: string, fallback: string | undefined, { host }: EvaluationContext): Found {
  return { source: host.isSecret(name) ? { env: name } : { env: name, default: fallback ?? '' } };
}

/** The secret that a template names that is nothing but `env "NAME"`. */
export function secretTemplate(text: string, scalar: LocatedScalar, context: EvaluationContext): ValueSource | undefined {
  const delimiters = context.delimitersOf(scalar.at.document.file);
  if (delimiters === undefined || !text.includes(delimiters.left)) return undefined;
  try {
    const [called, name, ...rest] = onlyCall(parseTemplate(text, delimiters)) ?? [];
    const isCall = (called === 'env' || called === 'getenv') && name !== undefined && rest.length === 0;
    return isCall && context.host.isSecret(name) && !isGiven(name, context) ? { env: name } : undefined;
  } catch (error) {
    // Which is told when it is evaluated.
    if (error instanceof TemplateError) return undefined;
    throw error;
  }
}

/** Whether templates have a value of their own for a variable, which counts more than the machine's. */
function isGiven(name: string, { functions }: EvaluationContext): boolean {
  try {
    functions.env?.(name);
    return true;
  } catch {
    // The machine's is a secret, and given to nobody.
    return false;
  }
}

/** `!env` and `!exec` as they stand in a text. */
function calledIn(text: string): { readonly tag: string; readonly text: string } | undefined {
  const [, tag, rest = ''] = /^(![\w.-]+)(?:\s+([\s\S]*))?$/.exec(text) ?? [];
  return tag === undefined ? undefined : { tag, text: rest.trim() };
}

function known(text: string, scalar: LocatedScalar, context: EvaluationContext): string {
  const value = evaluateTemplate(text, scalar, context);
  return typeof value === 'string' ? value : text;
}
