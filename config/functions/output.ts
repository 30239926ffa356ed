import type { AtmosError } from '../../engine/index.ts';
import { errorAt, type LocatedScalar, namesIn, parseQuery } from '../../yaml/index.ts';
import { unquoted, wordsOf } from './words.ts';

/** What `!terraform.output` and `!terraform.state` ask for. */
export interface Asked {
  readonly component: string;
  /** `undefined` for the component's own. */
  readonly stack: string | undefined;
  /** The template that stands for it, which is evaluated by the node that needs it. */
  readonly template: string;
  /** The same of a component deployed elsewhere, by what templates call that. */
  readonly ofRead: (name: string) => string;
}

/**
 * Reads `<component> [stack] <output or query>`, as Atmos does (`pkg/function/parser`): what begins like a query is one, to the end of the text.
 * @throws AtmosError `yaml-function`
 */
export function outputAsked(scalar: LocatedScalar, text: string): Asked {
  const [first, second, third, fourth] = wordsOf(text);
  if (first === undefined || second === undefined) throw wrong(scalar);
  const hasStack = third !== undefined && !isQuery(second.text);
  if (hasStack && fourth !== undefined && !isQuery(third.text)) throw wrong(scalar);
  const asked = unquoted(text.slice((hasStack ? third : second).at).trim());
  const component = unquoted(first.text);
  if (component === '' || asked === '') throw wrong(scalar);
  return {
    component,
    stack: hasStack ? unquoted(second.text) : undefined,
    template: templateOf(scalar, { kind: 'terraform', query: 'output' }, component, asked),
    ofRead: (name) => templateOf(scalar, { kind: 'read', query: 'read' }, name, asked),
  };
}

/** How templates name components of a sort. */
interface Naming {
  readonly kind: string;
  readonly query: string;
}

function templateOf(scalar: LocatedScalar, { kind, query: called }: Naming, component: string, asked: string): string {
  const of = JSON.stringify(component);
  // An output's name alone.
  if (/^[A-Za-z_]\w*$/.test(asked)) return `{{ (index outputs.${kind} ${of}).${asked} }}`;
  if (/^[\w-]+$/.test(asked)) return `{{ (index outputs.${kind} ${of} ${JSON.stringify(asked)}) }}`;
  const expression = /^[\w-]/.test(asked) ? `.${asked}` : asked;
  const query = parsed(expression);
  if (query === undefined || (namesIn(query) ?? []).length === 0) {
    throw errorAt(scalar.at, `${scalar.tag}: unsupported query ${asked}`, {
      code: 'yaml-function',
      hint: 'it may be like subnet_ids, .subnet_ids[0], .info["a"], with "+", "| length", "| keys" or "// fallback" behind it',
    });
  }
  return `{{ ${called} ${of} ${JSON.stringify(expression)} }}`;
}

function parsed(expression: string): ReturnType<typeof parseQuery> {
  try {
    return parseQuery(expression);
  } catch {
    // A text with an escape that JSON does not have.
    return undefined;
  }
}

function isQuery(word: string): boolean {
  return /^[.[{|'"]/.test(word);
}

function wrong({ at, tag }: LocatedScalar): AtmosError {
  return errorAt(at, `invalid arguments for ${tag}`, {
    code: 'yaml-function',
    hint: `write: ${tag} <a terraform component of this deployment> <output or query>`,
  });
}
