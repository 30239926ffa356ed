/**
 * Gomplate's functions: namespaces (`strings.Indent`), and short names of some (`toUpper`). What reads files, the network or clouds is left out: a stack
 * means the same everywhere.
 */
import type { Functions, TemplateFunction } from '../language/call.ts';
import { typed } from '../language/signature.ts';
import type { Method, Value } from '../language/values.ts';
import { splitAt, trimAll } from '../sprig/strings.ts';
import { COLL, collectKeys, DATA } from './data.ts';
import { Namespace } from './namespace.ts';
import { MATH } from './numbers.ts';
import { CONV, REGEXP, STRINGS } from './texts.ts';
import { BASE64, CRYPTO, FILEPATH, NET, PATH, TEST, TIME, UUID } from './world.ts';

const NAMESPACES: Readonly<Record<string, Functions | Readonly<Record<string, Value | Method>>>> = {
  base64: BASE64,
  coll: COLL,
  conv: CONV,
  crypto: CRYPTO,
  data: DATA,
  filepath: FILEPATH,
  math: MATH,
  net: NET,
  path: PATH,
  regexp: REGEXP,
  strings: STRINGS,
  test: TEST,
  time: TIME,
  uuid: UUID,
};

/** Functions under other names, from one namespace. */
function named(from: Functions, names: Readonly<Record<string, string>>): Functions {
  return Object.fromEntries(Object.entries(names).map(([name, member]) => [name, from[member] as TemplateFunction]));
}

export const GOMPLATE: Functions = {
  ...Object.fromEntries(
    Object.entries(NAMESPACES).map(([name, members]) => {
      const namespace = new Namespace(name, members);
      return [name, typed('', () => namespace)];
    }),
  ),
  ...named(CONV, { bool: 'Bool', urlParse: 'URL', join: 'Join', slice: 'Slice', dict: 'Dict', has: 'Has' }),
  ...named(STRINGS, {
    replaceAll: 'ReplaceAll',
    title: 'Title',
    toUpper: 'ToUpper',
    toLower: 'ToLower',
    trimSpace: 'TrimSpace',
    indent: 'Indent',
    quote: 'Quote',
    squote: 'Squote',
    shellQuote: 'ShellQuote',
    camelCase: 'CamelCase',
    snakeCase: 'SnakeCase',
    kebabCase: 'KebabCase',
  }),
  // Of Go itself: the text comes first, which is last in the namespace.
  splitN: typed('ssi', (text, separator, count) => splitAt(separator, count, text)),
  ...named(DATA, {
    json: 'JSON',
    jsonArray: 'JSONArray',
    yaml: 'YAML',
    yamlArray: 'YAMLArray',
    toml: 'TOML',
    csv: 'CSV',
    csvByRow: 'CSVByRow',
    csvByColumn: 'CSVByColumn',
    toJSON: 'ToJSON',
    toJSONPretty: 'ToJSONPretty',
    toYAML: 'ToYAML',
    toTOML: 'ToTOML',
    toCSV: 'ToCSV',
  }),
  ...named(COLL, { flatten: 'Flatten', sort: 'Sort', jsonpath: 'JSONPath' }),
  ...named(MATH, { rem: 'Rem', pow: 'Pow' }),
  ...named(TEST, { assert: 'Assert', isKind: 'IsKind', kind: 'Kind', required: 'Required' }),
  collectKeys: typed('ms*', (map, ...under) => collectKeys(map, under[0])),
};

/** Gomplate's short names that Sprig has, too, with another meaning: `join list separator`, `split text separator`. */
export const GOMPLATE_ALONE: Functions = {
  ...named(CONV, { default: 'Default', dict: 'Dict', has: 'Has', join: 'Join', slice: 'Slice' }),
  ...named(COLL, {
    append: 'Append',
    keys: 'Keys',
    merge: 'Merge',
    prepend: 'Prepend',
    reverse: 'Reverse',
    uniq: 'Uniq',
    values: 'Values',
  }),
  ...named(STRINGS, {
    indent: 'Indent',
    quote: 'Quote',
    squote: 'Squote',
    title: 'Title',
  }),
  // Of Go itself: the text comes first, which is last in the namespace.
  contains: typed('ss', (text, part) => text.includes(part)),
  hasPrefix: typed('ss', (text, prefix) => text.startsWith(prefix)),
  hasSuffix: typed('ss', (text, suffix) => text.endsWith(suffix)),
  split: typed('ss', (text, separator) => text.split(separator)),
  trim: typed('ss', (text, characters) => trimAll(characters, text)),
  ...named(MATH, { add: 'Add', div: 'Div', mul: 'Mul', seq: 'Seq', sub: 'Sub' }),
  ...named(TEST, { fail: 'Fail', ternary: 'Ternary' }),
};
