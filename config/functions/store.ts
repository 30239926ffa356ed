import type { AtmosError } from '../../engine/index.ts';
import { memberOf } from '../../gotemplate/index.ts';
import { errorAt, type LocatedScalar } from '../../yaml/index.ts';
import type { EvaluationContext } from '../evaluation/context.ts';
import { storedCommand } from '../evaluation/stored-outputs.ts';
import { suggestion } from '../model/nearest.ts';
import { componentKey, isReadable, plainKey, STORE_TYPES, type StoreSettings } from '../project/stores.ts';
import { unquoted, type Word, wordsOf } from './words.ts';

/** What `!store <store> [stack] <component> <key>` and `!store.get <store> <key>` read. */
interface Read {
  readonly store: string;
  readonly key: string;
}

/** `| default <value>` and `| query <expression>` behind it. */
interface Options {
  readonly fallback: string | undefined;
  readonly query: string;
}

const USAGE = '!store <store> [stack] <component> <key> [| default <value>] [| query <expression>]';
const GET_USAGE = '!store.get <store> <key> [| default <value>] [| query <expression>]';

/**
 * The template that stands for a value of a store, which is read by the node that needs it.
 * @throws AtmosError `yaml-function` for arguments that it does not take, and stores that can't be read
 */
export function storeTemplate(scalar: LocatedScalar, text: string, context: EvaluationContext): string {
  const words = wordsOf(text);
  const options = words.flatMap(({ text: word, at }, index) =>
    word === '|' && isOption(words[index + 1]) ? [{ at, words: words.slice(index + 1) }] : [],
  );
  const args = wordsOf(text.slice(0, options[0]?.at)).map((word) => unquoted(word.text));
  const { store, key } = scalar.tag === '!store.get' ? plainRead(scalar, args, context) : componentRead(scalar, args, context);
  const { fallback, query } = optionsIn(scalar, text, options);
  const stored = context.stored.find(store, key, `terraform/${String(memberOf(context.data, 'atmos_component') ?? '')}`);
  return `{{ ${storedCommand(stored, { store, key, query, fallback })} }}`;
}

function componentRead(scalar: LocatedScalar, args: readonly string[], context: EvaluationContext): Read {
  const [store, ...rest] = args;
  const stack = rest.length === 3 ? rest[0] : memberOf(context.data, 'atmos_stack');
  const [component, key] = rest.slice(-2);
  // A component whose target has no stack has no stack's name either.
  if (store === undefined || component === undefined || key === undefined || rest.length > 3 || typeof stack !== 'string') {
    throw wrong(scalar, USAGE);
  }
  return { store, key: componentKey(settingsOf(scalar, store, context), stack, component, key) };
}

function plainRead(scalar: LocatedScalar, args: readonly string[], context: EvaluationContext): Read {
  const [store, key] = args;
  if (store === undefined || key === undefined || args.length > 2) throw wrong(scalar, GET_USAGE);
  return { store, key: plainKey(settingsOf(scalar, store, context), key) };
}

function settingsOf(scalar: LocatedScalar, name: string, { host: { stores } }: EvaluationContext): StoreSettings {
  const settings = Object.hasOwn(stores, name) ? stores[name] : undefined;
  const known = Object.keys(stores);
  if (settings === undefined) {
    throw errorAt(scalar.at, `atmos.yaml has no store "${name}"`, {
      code: 'yaml-function',
      hint:
        known.length === 0 ? 'declare it there: stores: { name: { type: redis, options: { url: … } } }' : suggestion(name, known, 'stores'),
    });
  }
  if (!isReadable(settings.type)) {
    throw errorAt(scalar.at, `stores of type "${settings.type}" cannot be read by this version`, {
      code: 'yaml-function',
      hint: `types that can: ${STORE_TYPES.join(', ')}`,
    });
  }
  if (settings.isSecret) {
    throw errorAt(scalar.at, `store "${name}" holds secrets, which are not put into files`, {
      code: 'yaml-function',
      hint: 'declare the secret for the target: secrets: { NAME: { env: … } }',
    });
  }
  return settings;
}

function isOption(word: Word | undefined): boolean {
  return word?.text === 'default' || word?.text === 'query';
}

/** A query goes on to the next option, whatever is in it; a default is one word. */
function optionsIn(
  scalar: LocatedScalar,
  text: string,
  options: readonly { readonly at: number; readonly words: readonly Word[] }[],
): Options {
  let fallback: string | undefined;
  let query = '';
  for (const [index, { words }] of options.entries()) {
    const [name, first] = words;
    const end = options[index + 1]?.at ?? text.length;
    if (first === undefined || first.at >= end) throw wrong(scalar, USAGE);
    const value = text.slice(first.at, end).trim();
    if (name?.text === 'query') query = unquoted(value);
    else if (wordsOf(value).length === 1) fallback = unquoted(value);
    else throw wrong(scalar, USAGE);
  }
  return { fallback, query };
}

function wrong(scalar: LocatedScalar, usage: string): AtmosError {
  return errorAt(scalar.at, `${scalar.tag} does not take these arguments`, { code: 'yaml-function', hint: `write: ${usage}` });
}
