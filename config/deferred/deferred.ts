import { AtmosError, isObject, isRawNumber, type Json, rawInteger, rawNumber } from '../../engine/index.ts';
import {
  actionValue,
  Decimal,
  Fields,
  type Functions,
  parseTemplate,
  render,
  type Template,
  TemplateError,
  UNKNOWN,
  type Value,
  withFunctions,
} from '../../gotemplate/index.ts';
import { hasFallback, locate, namesIn, parseQuery, plain, query } from '../../yaml/index.ts';
import type { Deferred, Need, Produced } from '../model/scope.ts';
import { storeNeed } from '../project/stores.ts';
import { readNeed } from './read-need.ts';

export function isDeferred(value: unknown): value is Deferred {
  return (
    isObject(value) && isObject(value.$deferred) && typeof value.$deferred.template === 'string' && Array.isArray(value.$deferred.needs)
  );
}

/** All that deferred values inside a value need, sorted by component and field, each once. */
export function needsOf(value: Json): readonly Need[] {
  const found = new Map<string, Need>();
  const visit = (part: unknown): void => {
    if (isDeferred(part)) {
      for (const need of part.$deferred.needs) found.set(`${need.component}#${need.field}`, need);
    } else if (Array.isArray(part)) part.forEach(visit);
    else if (isObject(part)) Object.values(part).forEach(visit);
  };
  visit(value);
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, need]) => need);
}

/**
 * Evaluates the deferred values all of whose needs are in `produced`; the others stay as they are.
 * @throws AtmosError `failed`, `template` when a template fails on what was produced.
 */
export function resolveDeferred(value: Json, produced: Produced): Json {
  if (isDeferred(value)) {
    const { template, needs } = value.$deferred;
    const known = needs.every(({ component, field, optional }) =>
      optional === true ? Object.hasOwn(produced, component) : Object.hasOwn(produced[component] ?? {}, field),
    );
    return known ? evaluateDeferred(template, produced) : value;
  }
  if (Array.isArray(value)) return value.map((item: Json) => resolveDeferred(item, produced));
  if (isObject(value)) {
    // An object inside Json holds Json.
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, resolveDeferred(member as Json, produced)]));
  }
  return value;
}

function evaluateDeferred(source: string, produced: Produced): Json {
  const read = (need: Need): Value => templateValue(produced[need.component]?.[need.field] ?? null);
  const options = { functions: withFunctions(producedFunctions(read)), missingKey: 'error' } as const;
  try {
    const template = parseTemplate(source);
    const only = onlyAction(template);
    // Values of templates are JSON, but for `undefined`, and fields that name no value, which `plainValue` refuses.
    return only === undefined ? render(template, null, options) : plainValue(actionValue(template, only.pipe, null, options));
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    throw new AtmosError(`${source}: ${error.message}`, { kind: 'failed', code: 'template', cause: error });
  }
}

/** JSON as templates compute with it. */
function templateValue(value: Json): Value {
  if (isRawNumber(value)) return /^-?\d+$/.test(value.rawJSON) ? BigInt(value.rawJSON) : new Decimal(value.rawJSON);
  if (Array.isArray(value)) return value.map(templateValue);
  if (isObject(value)) return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, templateValue(member as Json)]));
  return value as Value;
}

function plainValue(value: Value): Json {
  if (typeof value === 'bigint') return rawInteger(value);
  if (value instanceof Decimal) return rawNumber(value.text);
  if (value instanceof Fields) throw new TemplateError('name the component and the field', 0);
  if (Array.isArray(value)) return value.map(plainValue);
  if (isObject(value)) return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, plainValue(member as Value)]));
  return (value ?? null) as Json;
}

/** The action that a template consists of, when it is one alone: then it keeps its value's type. */
function onlyAction({ body }: Template) {
  const [node] = body;
  return body.length === 1 && node?.kind === 'action' && node.pipe.declares.length === 0 ? node : undefined;
}

/** `outputs.<kind>.<name>.<field>` and `nixpack.<name>.<field>`; `read` gives the values. */
export function producedFunctions(read: (need: Need) => Value): Functions {
  const component = (address: string): Fields => new Lookup((field) => read({ component: address, field }));
  const kind = (name: string): Fields => new Lookup((componentName) => component(`${name}/${componentName}`));
  return {
    outputs: () => new Lookup(kind),
    nixpack: () => kind('nixpack'),
    store: (name, key, ...more) =>
      storeValue(read(storeNeed(String(name), String(key))), `store "${String(name)}" has no key "${String(key)}"`, more),
    stored: (component, field, ...more) =>
      storeValue(
        read({ component: String(component), field: String(field) }),
        `output "${String(field)}" of ${String(component)} is null`,
        more,
      ),
    output: (name, expression) => outputValue(read, `terraform/${String(name)}`, expression),
    read: (name, expression) => outputValue(read, readNeed(String(name), '').component, expression),
  };
}

/**
 * `output "component" "query"`, which `!terraform.output` and `!terraform.state` stand for where they ask for more than an output's name, and `read` for a
 * component deployed elsewhere.
 */
function outputValue(read: (need: Need) => Value, component: string, expression: Value): Value {
  const parsed = parseQuery(String(expression));
  const names = parsed === undefined ? undefined : namesIn(parsed);
  if (parsed === undefined || names === undefined) throw new Error(`"${String(expression)}" does not reference an output`);
  const optional = hasFallback(parsed) ? ({ optional: true } as const) : {};
  const values = names.map((field) => [field, read({ component, field, ...optional })] as const);
  if (values.some(([, value]) => value === UNKNOWN)) return UNKNOWN;
  const at = { document: { file: `outputs of ${component}`, text: '' }, offset: 0, length: 0 };
  return plain(query(locate(Object.fromEntries(values), at), String(expression), at)) as Value;
}

/**
 * `store "name" "key" "query" ["fallback"]`, which `!store` stands for, and `stored "component" "output" "query" ["fallback"]`, where a component of the target
 * puts it there. What is not in a store is read as `null`.
 */
function storeValue(value: Value, missing: string, [expression, fallback]: readonly Value[]): Value {
  if (value === UNKNOWN) return value;
  if (value === null || value === undefined) {
    if (fallback !== undefined) return fallback;
    throw new Error(missing);
  }
  if (expression === '') return value;
  const at = { document: { file: missing, text: '' }, offset: 0, length: 0 };
  return plain(query(locate(value, at), String(expression), at)) as Value;
}

/** Fields whose values a function gives. */
class Lookup extends Fields {
  readonly #find: (name: string) => Value;
  constructor(find: (name: string) => Value) {
    super();
    this.#find = find;
  }
  field(name: string): Value {
    return this.#find(name);
  }
}
