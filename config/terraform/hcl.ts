import { isObject, isRawNumber, type Json } from '../../engine/index.ts';

/** Of JSON's escapes those that HCL does not have. */
const ESCAPES: Readonly<Record<string, string>> = { '\\b': '\\u0008', '\\f': '\\u000c' };

/** A text as HCL writes it. */
export function quote(value: string): string {
  return JSON.stringify(value)
    .replaceAll(/\\./g, (pair) => ESCAPES[pair] ?? pair)
    .replaceAll(/[$%](?=\{)/g, '$&$&');
}

/** By how many labels their names follow. Any other map is the value of an argument. */
const LABELS: Readonly<Record<string, number>> = {
  locals: 0,
  terraform: 0,
  variable: 1,
  output: 1,
  provider: 1,
  module: 1,
  resource: 2,
  data: 2,
};

/** A map as Terraform's own files say it: what Terraform has blocks for is a block, all else an argument. Sorted. */
export function hclFile(content: Readonly<Record<string, Json>>): string {
  return sorted(content)
    .flatMap(([key, value]) =>
      Object.hasOwn(LABELS, key) && isMap(value) ? blocksOf(key, value, LABELS[key] ?? 0) : [argument(key, value, '')],
    )
    .join('');
}

/** A map as a file of variables says it: arguments alone. Sorted. */
export function tfvarsFile(content: Readonly<Record<string, Json>>): string {
  return sorted(content)
    .map(([key, value]) => argument(key, value, ''))
    .join('');
}

function blocksOf(head: string, value: Json, labels: number): readonly string[] {
  if (!isMap(value)) throw new Error(`${head} must be a map`);
  if (labels > 0) return sorted(value).flatMap(([name, below]) => blocksOf(`${head} ${quote(name)}`, below, labels - 1));
  const body = sorted(value).map(([key, item]) => argument(key, item, '  '));
  return [`${head} {\n${body.join('')}}\n`];
}

function argument(key: string, value: Json, indent: string): string {
  return `${indent}${nameOf(key)} = ${expression(value, indent)}\n`;
}

function expression(value: Json, indent: string): string {
  if (typeof value === 'string') return quote(value);
  if (isRawNumber(value)) return value.rawJSON;
  const inner = `${indent}  `;
  if (Array.isArray(value)) return `[${value.map((item: Json) => expression(item, indent)).join(', ')}]`;
  if (!isMap(value)) return String(value);
  const members = sorted(value);
  return members.length === 0 ? '{}' : `{\n${members.map(([key, item]) => argument(key, item, inner)).join('')}${indent}}`;
}

function nameOf(key: string): string {
  return /^[A-Za-z_][\w-]*$/.test(key) ? key : quote(key);
}

function isMap(value: Json): value is { [key: string]: Json } {
  return isObject(value) && !Array.isArray(value) && !isRawNumber(value);
}

function sorted(map: Readonly<Record<string, Json>>): readonly (readonly [string, Json])[] {
  return Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1));
}
