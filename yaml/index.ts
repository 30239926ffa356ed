/**
 * YAML with positions: read, merged, queried and written. Knows no templates.
 *
 * In: text, by file. Out: values that know where each was written, and errors there.
 */
export { emit, emitEscaped, isPlain, looksOtherwise, readEmitted, readsAsItself } from './emit.ts';
export {
  deepest,
  type Entry,
  errorAt,
  itemsOf,
  type Located,
  type LocatedLayers,
  type LocatedMap,
  type LocatedScalar,
  lineOf,
  locate,
  mapOf,
  member,
  type Place,
  plain,
  positionOf,
  scalarJson,
  textOf,
} from './located.ts';
export { APPEND, type History, LIST_STRATEGIES, type ListStrategy, type Merger, mergeAll, merger } from './merge.ts';
export {
  Float,
  float,
  formatFloat,
  formatNumber,
  type GoNumber,
  integer,
  isInteger,
  isNumber,
  numberType,
  parseInteger,
  toFloat,
} from './numbers.ts';
export { parseYaml } from './parse.ts';
export { query } from './query.ts';
export { hasFallback, namesIn, parseQuery } from './query-parse.ts';
export { plainScalar, taggedScalar } from './scalar.ts';
export type { TextCache } from './text-cache.ts';
