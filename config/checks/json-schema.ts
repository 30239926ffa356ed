import { Ajv, type AnySchemaObject, type ErrorObject, type Options } from 'ajv';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { default as formats } from 'ajv-formats';
import { AtmosError, isObject, type JsonObject } from '../../engine/index.ts';
import { GoRegExp } from '../../gotemplate/index.ts';
import { pointerKeys } from '../model/pointer.ts';

/** Something of a document that its schema does not allow. */
export interface SchemaViolation {
  /** Keys from the document's root on. */
  readonly path: readonly string[];
  /** `must be <= 3` */
  readonly message: string;
}

export interface SchemaRequest {
  /** The schema's file; references in it are relative to it. */
  readonly path: string;
  read(path: string): Promise<JsonObject | boolean>;
  readonly data: unknown;
  /** JSON pointers of values that are not known yet: they are null in `data`, and there is no description of them. */
  readonly hidden: readonly string[];
}

/** A schema says what version of the language it is in; where it does not, it is 2020-12, as in Atmos. */
const DRAFTS: readonly (readonly [RegExp, (options: Options) => Ajv])[] = [
  [/^https?:\/\/json-schema\.org\/draft\/2020-12\//, (options) => new Ajv2020(options)],
  [/^https?:\/\/json-schema\.org\/draft\/2019-09\//, (options) => new Ajv2019(options)],
  [/^https?:\/\/json-schema\.org\/draft-07\//, (options) => withFormats(new Ajv(options))],
  [/^https?:\/\/json-schema\.org\/schema/, (options) => new Ajv2020(options)],
];

/** Formats are checked in the drafts that ask for it. */
function withFormats(ajv: Ajv): Ajv {
  formats.default(ajv, { mode: 'fast' });
  return ajv;
}

/** A regular expression whose time is linear, under a name of its own: Ajv keeps expressions by what they say of themselves. */
class LinearRegExp extends GoRegExp {
  readonly #source: string;
  constructor(source: string) {
    super(source);
    this.#source = source;
  }
  override toString(): string {
    return `/${this.#source}/`;
  }
}
const regExp: NonNullable<NonNullable<Options['code']>['regExp']> = Object.assign((pattern: string) => new LinearRegExp(pattern), {
  code: '',
});

/** Names a file of the repository: what refers to others beside it is resolved as URLs are. */
const SCHEME = 'repository:///';
const uriOf = (path: string): string => SCHEME + path.split('/').map(encodeURIComponent).join('/');
const pathIn = (uri: string): string => uri.slice(SCHEME.length).split('/').map(decodeURIComponent).join('/');

/** What a schema says of a document. */
export interface SchemaAnswer {
  readonly violations: readonly SchemaViolation[];
  /** What can be decided only with values that are not known yet. */
  readonly undecided: readonly SchemaViolation[];
}

/** Compares a document with a schema of the repository. @throws AtmosError `invalid-schema` */
export async function validateWith({ path, read, data, hidden }: SchemaRequest): Promise<SchemaAnswer> {
  const schema = await read(path);
  const draft = typeof schema === 'boolean' ? undefined : schema.$schema;
  const make = draft === undefined ? DRAFTS[0]?.[1] : DRAFTS.find(([pattern]) => pattern.test(String(draft)))?.[1];
  const invalid = (why: string, cause?: unknown): AtmosError =>
    new AtmosError(`${path} is not a supported JSON Schema: ${why}`, { kind: 'invalid', code: 'invalid-schema', cause });
  if (make === undefined) throw invalid(`its "$schema" is ${JSON.stringify(draft)}; supported are draft-07, 2019-09 and 2020-12`);
  const ajv = make({
    strict: false,
    allErrors: true,
    logger: false,
    unicodeRegExp: false,
    verbose: true,
    code: { regExp },
    loadSchema: async (uri): Promise<AnySchemaObject> => {
      if (!uri.startsWith(SCHEME)) throw new Error(`"$ref" may name files of the repository, and not ${uri}`);
      return (await read(pathIn(uri))) as AnySchemaObject;
    },
  });
  try {
    const own = typeof schema === 'boolean' ? schema : { $id: uriOf(path), ...schema };
    const validate = await ajv.compileAsync(own as AnySchemaObject);
    const { violations, undecided } = (await validate(data))
      ? { violations: [], undecided: [] }
      : told(validate.errors ?? [], hidden, schema);
    return { violations, undecided: [...undecided, ...unseen(hidden, schema, undecided)] };
  } catch (error) {
    if (error instanceof AtmosError) throw error;
    throw invalid((error as Error).message, error);
  }
}

/** Values that are not known yet, and of which the schema says something. */
function unseen(hidden: readonly string[], root: JsonObject | boolean, told: readonly SchemaViolation[]): readonly SchemaViolation[] {
  return hidden
    .map(pointerKeys)
    .filter((keys) => mentions(root, keys, root))
    .filter((keys) => !told.some(({ path }) => path.every((key, at) => key === keys[at])))
    .map((path) => ({ path, message: 'is not known yet' }));
}

/** Keywords that judge of a value by all that is below it. */
const OF_ALL = ['anyOf', 'oneOf', 'not', 'if', 'contains', 'const', 'enum', 'unevaluatedProperties'];
/** Keywords that look at values whatever they are called. */
const WHOLE = ['const', 'enum', 'patternProperties', 'unevaluatedProperties'];
/** Where schemas are kept for others to refer to. */
const KEPT = /\/(?:\$defs|definitions)\//;

function told(errors: readonly ErrorObject[], hidden: readonly string[], root: JsonObject | boolean): SchemaAnswer {
  const isHidden = ({ keyword, instancePath }: ErrorObject): boolean =>
    keyword !== 'additionalProperties' && hidden.some((one) => one === instancePath || instancePath.startsWith(`${one}/`));
  /** It judges of a value with parts that are not known, and asks for one of these. */
  const isOpen = ({ keyword, instancePath, schema }: ErrorObject): boolean =>
    OF_ALL.includes(keyword) &&
    hidden.some(
      (one) =>
        one.startsWith(`${instancePath}/`) &&
        (WHOLE.includes(keyword) || mentions(schema, pointerKeys(one.slice(instancePath.length)), root)),
    );
  const open = errors.filter(isOpen);
  // What is within it: where it is kept elsewhere, nothing says of what it is a part.
  const isWithin = ({ schemaPath, instancePath }: ErrorObject): boolean =>
    open.some(
      (one) =>
        schemaPath.startsWith(`${one.schemaPath}/`) ||
        ((instancePath === one.instancePath || instancePath.startsWith(`${one.instancePath}/`)) &&
          (KEPT.test(schemaPath) || !schemaPath.startsWith('#'))),
    );
  const known = errors.filter((error) => !isHidden(error) && !open.includes(error) && !isWithin(error));
  // That one of two was to hold says nothing where the other says why it does not.
  const own = known.filter(({ keyword }) => keyword !== 'if' || known.length === 1);
  return { violations: own.map(violationOf).filter(isFirst), undecided: open.map(violationOf).filter(isFirst) };
}

function violationOf({ instancePath, message, params }: ErrorObject): SchemaViolation {
  const values = [params.additionalProperty, params.unevaluatedProperty, params.allowedValues, params.allowedValue].filter(
    (one) => one !== undefined,
  );
  const more =
    values.length === 0
      ? ''
      : `: ${values.map((value) => (Array.isArray(value) ? value.map(String).join(', ') : JSON.stringify(value))).join(', ')}`;
  return { path: pointerKeys(instancePath), message: `${message ?? 'is wrong'}${more}` };
}

function isFirst(one: SchemaViolation, index: number, all: readonly SchemaViolation[]): boolean {
  return all.findIndex((other) => JSON.stringify(other) === JSON.stringify(one)) === index;
}

/** Whether a schema, or a part of it, asks for what is at some keys below the value that it is of. */
function mentions(schema: unknown, keys: readonly string[], root: JsonObject | boolean, seen: ReadonlySet<unknown> = new Set()): boolean {
  if (Array.isArray(schema)) return schema.some((one: unknown) => mentions(one, keys, root, seen));
  if (!isObject(schema) || seen.has(schema)) return false;
  const within = new Set([...seen, schema]);
  const { $ref, properties, additionalProperties } = schema;
  if (typeof $ref === 'string') {
    const found = $ref.startsWith('#')
      ? pointerKeys($ref.slice(1)).reduce<unknown>((at, key) => (isObject(at) ? at[key] : undefined), root)
      : undefined;
    // What another file says is not looked at.
    if (found === undefined || mentions(found, keys, root, within)) return true;
  }
  if (WHOLE.some((keyword) => Object.hasOwn(schema, keyword))) return true;
  const [first = '', ...rest] = keys;
  if (isObject(properties) && Object.hasOwn(properties, first)) return rest.length === 0 || mentions(properties[first], rest, root, within);
  if (isObject(additionalProperties)) return true;
  const parts = [...OF_ALL, 'allOf', 'then', 'else', 'dependentSchemas', 'items', 'prefixItems'].map((keyword) => schema[keyword]);
  return parts.some((one) => mentions(one, keys, root, within));
}
