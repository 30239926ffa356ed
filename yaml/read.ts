import {
  type Alias,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  parseDocument,
  type Scalar,
  type YAMLMap,
  type YAMLParseError,
  type YAMLSeq,
  type Document as YamlDocument,
} from 'yaml';
import { type AtmosError, asOne } from '../engine/index.ts';
import { addDelimited } from './delimited.ts';
import { type Document, type Entry, errorAt, type Located, type LocatedMap, type Place } from './located.ts';
import { formatNumber, isNumber } from './numbers.ts';
import { plainScalar, taggedScalar, type Scalar as Value } from './scalar.ts';

/**
 * Reads a document with the library; an empty one is an empty map. A delimiter divides keys that are not in quotes.
 * @throws AtmosError `invalid-yaml` with the place; further errors of the file are in `others`.
 */
export function readYaml(document: Document, keyDelimiter?: string): Located {
  const parsed = parseDocument(document.text, { prettyErrors: false, logLevel: 'silent' });
  const errors = asOne(parsed.errors.map((error) => syntaxError(document, error)));
  if (errors !== undefined) throw errors;
  const start = place(document, [0, 0]);
  if (parsed.contents === null) return { kind: 'map', entries: new Map(), at: start };
  return new Reader(document, parsed, keyDelimiter).locate(parsed.contents);
}

function syntaxError(document: Document, error: YAMLParseError): AtmosError {
  const at = place(document, error.pos);
  if (error.code === 'DUPLICATE_KEY') {
    const key = /^[\w.-]+/.exec(document.text.slice(at.offset))?.[0] ?? '';
    return errorAt({ ...at, length: Math.max(1, key.length) }, `duplicate key "${key}"`, {
      code: 'duplicate-key',
      hint: 'remove one of them',
    });
  }
  const message = error.message.split('\n')[0]?.replace(/ at line .*$/, '') ?? error.message;
  return errorAt(at, message, { code: 'invalid-yaml', hint: 'invalid YAML' });
}

function place(document: Document, [start, end]: readonly [number, number]): Place {
  return { document, offset: start, length: Math.max(1, end - start) };
}

function placeOf(document: Document, node: { range?: readonly number[] | null | undefined }): Place {
  const [start = 0, end = start + 1] = node.range ?? [];
  return place(document, [start, end]);
}

/** How many values a file's aliases may stand for: a few lines can stand for more than any memory holds. */
const MOST_ALIASED = 1_000_000;

/** Reads the nodes of one document; what an anchor names is read once, however often it is used. */
class Reader {
  readonly #document: Document;
  readonly #parsed: YamlDocument;
  readonly #keyDelimiter: string | undefined;
  /** `undefined` while an anchor's value is being read: a use within it is a loop. */
  readonly #anchored = new Map<Node, Located | undefined>();
  readonly #weights = new Map<Located, number>();
  #aliased = 0;

  constructor(document: Document, parsed: YamlDocument, keyDelimiter: string | undefined) {
    this.#document = document;
    this.#parsed = parsed;
    this.#keyDelimiter = keyDelimiter;
  }

  locate(node: unknown): Located {
    const document = this.#document;
    if (isAlias(node)) return this.#alias(node);
    if (isMap(node)) return this.#map(node);
    if (isSeq(node)) {
      return { kind: 'list', items: node.items.map((item) => this.locate(item)), tag: functionTag(node), at: placeOf(document, node) };
    }
    if (isScalar(node)) return { kind: 'scalar', value: scalarValue(node, document), tag: functionTag(node), at: placeOf(document, node) };
    return { kind: 'scalar', value: null, tag: undefined, at: place(document, [0, 0]) };
  }

  #alias(node: Alias): Located {
    const target = node.resolve(this.#parsed);
    const at = placeOf(this.#document, node);
    if (target === undefined) throw errorAt(at, `there is no anchor &${node.source}`, { code: 'invalid-yaml' });
    if (!this.#anchored.has(target)) {
      this.#anchored.set(target, undefined);
      this.#anchored.set(target, this.locate(target));
    }
    const value = this.#anchored.get(target);
    if (value === undefined) throw errorAt(at, `&${node.source} contains itself`, { code: 'invalid-yaml' });
    this.#aliased += this.#weigh(value);
    if (this.#aliased > MOST_ALIASED) {
      throw errorAt(at, `the aliases of this file stand for more than ${MOST_ALIASED} values`, {
        code: 'invalid-yaml',
        hint: 'they contain one another',
      });
    }
    return value;
  }

  /** How many values there are in one, those that aliases stand for counted each time. */
  #weigh(value: Located): number {
    const known = this.#weights.get(value);
    if (known !== undefined) return known;
    const within =
      value.kind === 'map' ? [...value.entries.values()].map((entry) => entry.value) : value.kind === 'list' ? value.items : [];
    const weight = within.reduce((sum, one) => sum + this.#weigh(one), 1);
    this.#weights.set(value, weight);
    return weight;
  }

  #map(node: YAMLMap): LocatedMap {
    const document = this.#document;
    const entries = new Map<string, Entry>();
    const merged: LocatedMap[] = [];
    for (const { key, value } of node.items) {
      if (!isScalar(key))
        throw errorAt(placeOf(document, node), 'a key must be a string', {
          code: 'invalid-yaml',
          hint: 'is this a template? Put quotes around it: "{{ … }}"',
        });
      const keyAt = placeOf(document, key);
      const located: Located = value === null ? { kind: 'scalar', value: null, tag: undefined, at: keyAt } : this.locate(value);
      if (key.value === '<<' && key.type === 'PLAIN') merged.push(...mergeSources(located));
      // A key is text: of a number as Go prints that, of all else as it was written.
      else if (key.type !== 'PLAIN') entries.set(String(key.value), { keyAt, value: located });
      else if (this.#keyDelimiter === undefined) entries.set(keyText(key.source ?? ''), { keyAt, value: located });
      else addDelimited(entries, key.source ?? '', { keyAt, value: located }, this.#keyDelimiter);
    }
    for (const source of merged) {
      for (const [key, entry] of source.entries) if (!entries.has(key)) entries.set(key, entry);
    }
    return { kind: 'map', entries, tag: functionTag(node), at: placeOf(document, node) };
  }
}

function keyText(source: string): string {
  const value = /^[-+.\d]/.test(source) ? plainScalar(source) : source;
  return isNumber(value) ? formatNumber(value) : source;
}

/** What a merge key (`<<`) names: a map, or several of which the earlier win. */
function mergeSources(value: Located): readonly LocatedMap[] {
  return (value.kind === 'list' ? value.items : [value]).map((source) => {
    if (source.kind === 'map') return source;
    throw errorAt(source.at, '"<<" takes a map, or a list of maps', { code: 'invalid-yaml' });
  });
}

function functionTag(node: Scalar | YAMLMap | YAMLSeq): string | undefined {
  return node.tag?.startsWith('!') === true && node.tag !== '!' ? node.tag : undefined;
}

function scalarValue(node: Scalar, document: Document): Value {
  const text = node.source ?? String(node.value ?? '');
  const [, own] = /^tag:yaml\.org,2002:(\w+)$/.exec(node.tag ?? '') ?? [];
  if (own === undefined) return node.type === 'PLAIN' && node.tag === undefined ? plainScalar(text) : functionText(node);
  const value = taggedScalar(own, node.type === 'PLAIN' ? text : String(node.value ?? ''));
  if (value !== undefined) return value;
  throw errorAt(placeOf(document, node), `invalid !!${own}`, { code: 'wrong-type', hint: 'remove the tag, or fix the value' });
}

/** A text in quotes or a block, or what stands behind a YAML function's tag, which is text whatever it looks like. */
function functionText(node: Scalar): Value {
  if (node.type === 'PLAIN') {
    const text = node.source ?? '';
    // What is literal is what YAML takes it for.
    return text === '' ? null : node.tag === '!literal' ? plainScalar(text) : text;
  }
  return typeof node.value === 'string' ? node.value : (node.source ?? String(node.value));
}
