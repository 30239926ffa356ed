import { isInteger, isNumber, toFloat } from '../../yaml/index.ts';
import type { TemplateFunction } from './call.ts';
import { type Dict, isDict, typeOf, type Value } from './values.ts';

/** What the letters of a signature stand for. */
interface Letters {
  a: Value;
  s: string;
  i: number;
  b: boolean;
  l: readonly Value[];
  m: Dict;
  f: number;
}
type Letter = keyof Letters;

/** The arguments of a signature: `ss` two texts, `sa*` a text and any number of anything. */
type Arguments<S extends string> = S extends `${infer L extends Letter}*`
  ? Letters[L][]
  : S extends `${infer L extends Letter}${infer Rest}`
    ? [Letters[L], ...Arguments<Rest>]
    : [];

const NAMES: Readonly<Record<Letter, string>> = {
  a: 'value',
  s: 'string',
  i: 'int',
  b: 'bool',
  l: '[]interface {}',
  m: 'map[string]interface {}',
  f: 'float64',
};

/**
 * A function that takes what its signature says, as Go's templates check it: `a` anything, `s` string, `i` int, `b` bool, `l` list, `m` map, `f` any
 * number; a `*` at the end takes any number of the letter before it.
 */
export function typed<S extends string>(signature: S, call: (...args: Arguments<S>) => Value): TemplateFunction {
  // There are hundreds: what can wait until one is called does.
  return (...args) => {
    const isVariadic = signature.endsWith('*');
    const known = isVariadic ? signature.length - 1 : signature.length;
    const least = isVariadic ? known - 1 : known;
    if (args.length < least || (!isVariadic && args.length > least)) {
      throw new Error(`wrong number of args: want ${isVariadic ? 'at least ' : ''}${least} got ${args.length}`);
    }
    const checked = args.map((value, index) => accept(value, (signature[Math.min(index, known - 1)] ?? 'a') as Letter));
    return call(...(checked as Arguments<S>));
  };
}

function accept(value: Value, letter: Letter): unknown {
  switch (letter) {
    case 'a':
      return value ?? null;
    case 's':
      if (typeof value === 'string') return value;
      break;
    case 'i':
      if (isInteger(value)) return Number(value);
      break;
    case 'b':
      if (typeof value === 'boolean') return value;
      break;
    case 'f':
      if (isNumber(value)) return toFloat(value);
      break;
    case 'l':
      if (Array.isArray(value)) return value;
      break;
    case 'm':
      if (isDict(value)) return value;
      break;
    default:
      return letter satisfies never;
  }
  throw new Error(`wrong type for value; expected ${NAMES[letter]}; got ${typeOf(value)}`);
}
