import type { ErrorObject, ValidateFunction } from 'ajv';
import type { AtmosError } from '../../engine/index.ts';
import { deepest, errorAt, type Located, type Place, plain } from '../../yaml/index.ts';
import { nearest, suggestion } from '../model/nearest.ts';
import { pointerKeys } from '../model/pointer.ts';

/**
 * What compiled the schema, kept for the process. Loading ajv and compiling cost 100 ms together, so a file that is known to hold is not checked
 * again (see `loadDeployment`).
 */
let compiled: Promise<ValidateFunction> | undefined;

/** Everything about a deployment file that its schema does not allow, each at its place, in the order of the file. */
export async function checkSchema(document: Located): Promise<readonly AtmosError[]> {
  compiled ??= import('./compile-schema.ts').then(({ compileSchema }) => compileSchema());
  const check = await compiled;
  if (check(plain(document))) return [];
  const found = check.errors ?? [];
  return found
    .filter((error) => error.keyword !== 'propertyNames' && !isMisspelled(error, found))
    .map((error) => explain(error, document))
    .sort((a, b) => (a.position?.line ?? 0) - (b.position?.line ?? 0) || (a.position?.column ?? 0) - (b.position?.column ?? 0));
}

/** A key is missing because it was misspelled: the unknown key is error enough. */
function isMisspelled({ keyword, params, instancePath }: ErrorObject, all: readonly ErrorObject[]): boolean {
  return (
    keyword === 'required' &&
    all.some(
      (other) =>
        other.keyword === 'additionalProperties' &&
        other.instancePath === instancePath &&
        nearest(String(other.params.additionalProperty), [String(params.missingProperty)]) !== undefined,
    )
  );
}

function explain(error: ErrorObject, document: Located): AtmosError {
  const parts = pointerKeys(error.instancePath);
  const where = deepest(document, parts);
  const last = parts.at(-1);
  const name = last === undefined ? 'the file' : /^\d+$/.test(last) ? `an entry of "${parts.at(-2)}"` : `"${last}"`;
  const keyPlace = keyOf(document, parts) ?? where.at;
  switch (error.keyword) {
    case 'additionalProperties': {
      const key = String(error.params.additionalProperty);
      const known = Object.keys((error.parentSchema as { properties?: object } | undefined)?.properties ?? {});
      return errorAt(keyOf(document, [...parts, key]) ?? where.at, `unknown key "${key}"`, {
        code: 'unknown-key',
        hint: suggestion(key, known, 'keys here'),
      });
    }
    case 'required':
      return errorAt(keyPlace, `"${String(error.params.missingProperty)}" is missing`, { code: 'missing-key', hint: `${name} needs it` });
    case 'type':
      return errorAt(where.at, `${name} must be ${typeNames(error.params.type)}`, {
        code: 'wrong-type',
        hint: `it is ${kindOf(where)}`,
      });
    case 'enum':
      return errorAt(where.at, `${name} can't be ${JSON.stringify(plain(where))}`, {
        code: 'wrong-value',
        hint: `it can be: ${(error.params.allowedValues as unknown[]).join(', ')}`,
      });
    case 'pattern':
      return error.propertyName === undefined
        ? errorAt(where.at, `invalid ${last ?? name} ${JSON.stringify(plain(where))}`, {
            code: 'wrong-value',
            hint: `it must match ${String(error.params.pattern)}`,
          })
        : errorAt(keyOf(document, [...parts, error.propertyName]) ?? where.at, `invalid name "${error.propertyName}" in ${name}`, {
            code: 'wrong-value',
            hint: `it must match ${String(error.params.pattern)}`,
          });
    default:
      return errorAt(where.at, `${name} ${error.message ?? 'is not valid'}`, { code: 'wrong-value' });
  }
}

function typeNames(type: unknown): string {
  const names: Readonly<Record<string, string>> = {
    object: 'a map',
    array: 'a list',
    string: 'a string',
    integer: 'an integer',
    null: 'empty',
  };
  return (Array.isArray(type) ? type : String(type).split(',')).map((name) => names[String(name)] ?? `a ${String(name)}`).join(' or ');
}

/** What a value is, for people. */
function kindOf(value: Located): string {
  if (value.kind !== 'scalar') return value.kind === 'map' ? 'a map' : 'a list';
  return value.value === null ? 'empty' : `the ${typeof value.value} ${JSON.stringify(value.value)}`;
}

/** Where the key at the end of a path stands. */
function keyOf(document: Located, parts: readonly string[]): Place | undefined {
  const holder = deepest(document, parts.slice(0, -1));
  return holder.kind === 'map' ? holder.entries.get(parts.at(-1) ?? '')?.keyAt : undefined;
}
