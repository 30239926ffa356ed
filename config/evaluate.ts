import type { Json } from '../engine/index.ts';
import { yamlFunction } from './functions/index.ts';
import type { ComponentAddress, Origin } from './scope.ts';
import { evaluateTemplate } from './template-value.ts';
import type { Delimiters, Functions, Value } from './templates/index.ts';
import { errorAt, type Located, type LocatedScalar, lineOf, type Place } from './yaml/located.ts';

/** What evaluating the sections of a component needs to know. */
export interface EvaluationContext {
  /** The dot of templates: `.vars`, `.context`, … */
  readonly data: Value;
  /** The components that may be read of. */
  readonly components: ReadonlySet<ComponentAddress>;
  /** Functions of the host: `git`, `env`. */
  readonly functions: Functions;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Delimiters of the templates of a file; `undefined` where its texts are no templates. */
  readonly delimitersOf: (file: string) => Delimiters | undefined;
}

/** Evaluates a section: templates and YAML functions. Notes in `origins` where each leaf was written, by JSON pointer below `pointer`. */
export function evaluate(value: Located, pointer: string, context: EvaluationContext, origins: Record<string, Origin>): Json {
  const isLeaf = value.kind === 'scalar' || (value.kind === 'map' ? value.entries.size === 0 : value.items.length === 0);
  if (isLeaf) origins[pointer] = originOf(value.at);
  if (value.kind !== 'scalar' && value.tag !== undefined) {
    throw errorAt(value.at, `${value.tag} is no YAML function that takes a ${value.kind}`, { code: 'yaml-function' });
  }
  switch (value.kind) {
    case 'map':
      return Object.fromEntries(
        [...value.entries].map(([key, entry]) => [key, evaluate(entry.value, `${pointer}/${escapePointer(key)}`, context, origins)]),
      );
    case 'list':
      return value.items.map((item, index) => evaluate(item, `${pointer}/${index}`, context, origins));
    case 'scalar':
      return evaluateScalar(value, context);
    default:
      return value satisfies never;
  }
}

/** The file and line of a place. */
export function originOf(at: Place): Origin {
  return { file: at.document.file, line: lineOf(at.document, at.offset).line };
}

function escapePointer(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}

function evaluateScalar(scalar: LocatedScalar, context: EvaluationContext): Json {
  if (scalar.tag !== undefined) return yamlFunction(scalar, scalar.tag, context);
  return typeof scalar.value === 'string' ? evaluateTemplate(scalar.value, scalar, context) : scalar.value;
}
