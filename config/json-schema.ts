import { dirname, join } from 'node:path/posix';
import type { AnySchemaObject, ErrorObject, Options } from 'ajv';
import { Ajv } from 'ajv';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { default as formats } from 'ajv-formats';
import { AtmosError, type JsonObject } from '../engine/index.ts';
import { escapePointer, pointerKeys } from './pointer.ts';
import { GoRegExp } from './templates/regexp.ts';

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
  /** JSON pointers of values that are not known yet, and not in `data`: nothing is said of them. */
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

const SCHEME = 'repository:/';

/** Compares a document with a schema of the repository. @throws AtmosError `invalid-schema` */
export async function validateWith({ path, read, data, hidden }: SchemaRequest): Promise<readonly SchemaViolation[]> {
  const schema = await read(path);
  const draft = typeof schema === 'boolean' ? undefined : schema.$schema;
  const make = draft === undefined ? DRAFTS[0]?.[1] : DRAFTS.find(([pattern]) => pattern.test(String(draft)))?.[1];
  const invalid = (why: string, cause?: unknown): AtmosError =>
    new AtmosError(`${path} is not a JSON Schema that is known here: ${why}`, { kind: 'invalid', code: 'invalid-schema', cause });
  if (make === undefined) throw invalid(`its "$schema" is ${JSON.stringify(draft)}; known are draft-07, 2019-09 and 2020-12`);
  const ajv = make({
    strict: false,
    allErrors: true,
    logger: false,
    unicodeRegExp: false,
    code: { regExp },
    loadSchema: async (uri): Promise<AnySchemaObject> => {
      if (!uri.startsWith(SCHEME)) throw new Error(`"$ref" may name files of the repository, and not ${uri}`);
      return (await read(join(uri.slice(SCHEME.length)).replace(/^\//, ''))) as AnySchemaObject;
    },
  });
  try {
    const own = typeof schema === 'boolean' ? schema : { $id: `${SCHEME}/${join(dirname(path), path.split('/').at(-1) ?? '')}`, ...schema };
    const validate = await ajv.compileAsync(own as AnySchemaObject);
    if (await validate(data)) return [];
    return told(validate.errors ?? [], hidden);
  } catch (error) {
    if (error instanceof AtmosError) throw error;
    throw invalid((error as Error).message, error);
  }
}

/** Keywords that judge of a value by all that is below it. */
const OF_ALL = ['anyOf', 'oneOf', 'not', 'if', 'contains', 'minProperties', 'minItems', 'dependentRequired', 'unevaluatedProperties'];

function told(errors: readonly ErrorObject[], hidden: readonly string[]): readonly SchemaViolation[] {
  const isHidden = ({ keyword, instancePath, params }: ErrorObject): boolean => {
    const at = keyword === 'required' ? `${instancePath}/${escapePointer(String(params.missingProperty))}` : instancePath;
    return hidden.some((one) => one === at || at.startsWith(`${one}/`) || (OF_ALL.includes(keyword) && one.startsWith(`${at}/`)));
  };
  const left = errors.filter(isHidden);
  const isWithin = ({ schemaPath }: ErrorObject): boolean => left.some((one) => schemaPath.startsWith(`${one.schemaPath}/`));
  const known = errors.filter((error) => !left.includes(error) && !isWithin(error));
  // That one of two was to hold says nothing where the other says why it does not.
  const own = known.filter(({ keyword }) => keyword !== 'if' || known.length === 1);
  const all = own.map(({ instancePath, message, params }) => {
    const values = [params.additionalProperty, params.unevaluatedProperty, params.allowedValues, params.allowedValue].filter(
      (one) => one !== undefined,
    );
    const more =
      values.length === 0
        ? ''
        : `: ${values.map((value) => (Array.isArray(value) ? value.map(String).join(', ') : JSON.stringify(value))).join(', ')}`;
    return { path: pointerKeys(instancePath), message: `${message ?? 'is wrong'}${more}` };
  });
  return [...new Map(all.map((one) => [JSON.stringify(one), one])).values()];
}
