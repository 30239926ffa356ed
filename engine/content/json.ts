import { type Digest, sha256 } from './digest.ts';

/** What JSON can say; all that enters keys, releases and records is of this type. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

/** Of JSON.rawJSON (ECMAScript: JSON.parse source text access), which TypeScript's library does not know yet. */
const RAW = JSON as unknown as { rawJSON(text: string): Json; isRawJSON(value: unknown): value is { readonly rawJSON: string } };

/** A whole number of any size in JSON: it is written with all of its digits, and is one value, not an object, to whoever walks over JSON. */
export function rawInteger(value: bigint): Json {
  return Number.isSafeInteger(Number(value)) ? Number(value) : RAW.rawJSON(String(value));
}

/** A number by its text in JSON, every digit of it kept. */
export function rawNumber(text: string): Json {
  return RAW.rawJSON(text);
}

/** A number of JSON whose digits a double can't hold, whole or not. */
export function isRawNumber(value: unknown): value is { readonly rawJSON: string } {
  return RAW.isRawJSON(value);
}

export function isObject(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !RAW.isRawJSON(value);
}

/** Reads JSON and keeps every digit of its numbers. @throws SyntaxError */
export function parseJson(text: string): Json {
  const exact = (_key: string, value: unknown, { source = '' }: { readonly source?: string }): unknown =>
    typeof value === 'number' && !Number.isSafeInteger(value) && !isSameNumber(String(value), source) ? RAW.rawJSON(source) : value;
  return JSON.parse(text, exact as Parameters<typeof JSON.parse>[1]) as Json;
}

/** Whether two numbers have the same digits, however they are written: `1e3` and `1000.0`. */
function isSameNumber(one: string, other: string): boolean {
  return one === other || digitsOf(one) === digitsOf(other);
}

/** Sign, digits without zeros at either end, and the power of ten of the last one. */
function digitsOf(text: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([-+]?\d+))?$/.exec(text) ?? [];
  const digits = `${whole}${fraction}`.replace(/^0+/, '');
  const short = digits.replace(/0+$/, '');
  return short === '' ? '0' : `${sign}${short}e${Number(exponent) - fraction.length + digits.length - short.length}`;
}

/**
 * Canonical JSON (RFC 8785): keys in UTF-16 order, no white space, numbers as ECMAScript writes them; but those that a double can't hold keep their
 * digits.
 * A key whose value is `undefined` counts as absent.
 * @throws TypeError on what JSON cannot say (NaN, functions, bigint).
 */
export function canonicalJson(value: unknown): string {
  return isCanonical(value) ? JSON.stringify(value) : sortedJson(value);
}

/** Whether what `JSON.stringify` writes is canonical, which it writes several times as fast: all keys are in order, and JSON can say it all. */
function isCanonical(value: unknown): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true;
    case 'number':
      return Number.isFinite(value);
    case 'object':
      if (value === null) return true;
      return Array.isArray(value) ? isCanonicalList(value) : isCanonicalObject(value as Readonly<Record<string, unknown>>);
    default:
      return false;
  }
}

function isCanonicalList(items: readonly unknown[]): boolean {
  for (let index = 0; index < items.length; index += 1) if (!isCanonical(items[index])) return false;
  return true;
}

function isCanonicalObject(object: Readonly<Record<string, unknown>>): boolean {
  if (Object.getPrototypeOf(object) !== Object.prototype) return isRawNumber(object);
  let last: string | undefined;
  for (const key in object) {
    const member = object[key];
    if ((last !== undefined && last > key) || (member !== undefined && !isCanonical(member))) return false;
    last = key;
  }
  return true;
}

function sortedJson(value: unknown): string {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return JSON.stringify(value);
    case 'number':
      if (!Number.isFinite(value)) throw new TypeError(`canonical JSON has no ${value}`);
      return JSON.stringify(value);
    case 'object':
      if (value === null) return 'null';
      return Array.isArray(value) ? sortedList(value) : sortedObject(value as Readonly<Record<string, unknown>>);
    default:
      throw new TypeError(`canonical JSON has no ${typeof value}`);
  }
}

function sortedList(items: readonly unknown[]): string {
  let text = '[';
  for (let index = 0; index < items.length; index += 1) text += `${index === 0 ? '' : ','}${sortedJson(items[index])}`;
  return `${text}]`;
}

function sortedObject(object: Readonly<Record<string, unknown>>): string {
  // Only objects without a prototype can be raw numbers, which takes long to ask.
  if (Object.getPrototypeOf(object) === null && isRawNumber(object)) return object.rawJSON;
  let members = '';
  for (const key of Object.keys(object).sort()) {
    const member = object[key];
    if (member !== undefined) members += `${members === '' ? '' : ','}${JSON.stringify(key)}:${sortedJson(member)}`;
  }
  return `{${members}}`;
}

/** A file for people with one byte form: sorted keys, two spaces, newline at the end. */
export function prettyJson(value: unknown): string {
  return `${JSON.stringify(parseJson(canonicalJson(value)), null, 2)}\n`;
}

/** The digest of a value's canonical JSON. */
export function jsonDigest(value: unknown): Digest {
  return sha256(canonicalJson(value));
}
