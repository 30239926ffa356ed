import { float, isNumber, numberType, parseInteger, toFloat } from '../../yaml/index.ts';
import { Fields, isDict, Opaque, sortedEntries, type Value } from './values.ts';

/** encoding/json: keys in order; `<`, `>` and `&` escaped unless `raw`. @throws Error for what JSON can't say */
export function toJson(value: Value, { raw = false, indent = '', prefix = '' } = {}): string {
  return write(value, raw, indent, prefix);
}

function write(value: Value, raw: boolean, indent: string, prefix: string): string {
  if (value === undefined || value === null) return 'null';
  if (typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return writeText(value, raw);
  if (isNumber(value)) {
    if (numberType(value) !== 'float64') return String(value);
    const number = toFloat(value);
    if (!Number.isFinite(number)) throw new Error(`json: unsupported value: ${number}`);
    return JSON.stringify(number);
  }
  if (value instanceof Fields) throw new Error('name the component and the field');
  if (value instanceof Opaque) return writeText(value.print(), raw);
  const inner = prefix + indent;
  const [open, close] = indent === '' ? ['', ''] : [`\n${inner}`, `\n${prefix}`];
  if (Array.isArray(value)) {
    return value.length === 0 ? '[]' : `[${open}${value.map((item: Value) => write(item, raw, indent, inner)).join(`,${open}`)}${close}]`;
  }
  if (!isDict(value)) return 'null';
  const members = sortedEntries(value).map(
    ([key, member]) => `${writeText(key, raw)}:${indent === '' ? '' : ' '}${write(member, raw, indent, inner)}`,
  );
  return members.length === 0 ? '{}' : `{${open}${members.join(`,${open}`)}${close}}`;
}

function writeText(text: string, raw: boolean): string {
  const json = JSON.stringify(text).replaceAll(/[\u2028\u2029]/g, (character) => `\\u${character.charCodeAt(0).toString(16)}`);
  return raw ? json : json.replaceAll(/[<>&]/g, (character) => `\\u00${character.charCodeAt(0).toString(16)}`);
}

/** What JSON says; its numbers are floats, as encoding/json has them, or integers where they are whole. @throws Error */
export function fromJson(text: string, numbers: 'floats' | 'integers'): Value {
  const read = (_key: string, value: unknown, { source }: { readonly source?: string }): unknown => {
    if (typeof value !== 'number') return value;
    return numbers === 'integers' ? (parseInteger(source ?? '') ?? float(value)) : float(value);
  };
  return JSON.parse(text, read as Parameters<typeof JSON.parse>[1]) as Value;
}
