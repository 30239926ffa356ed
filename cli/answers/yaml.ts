import { stringify } from 'yaml';
import { isRawNumber } from '../../engine/index.ts';

/** A document as YAML, nothing in it by anchor. A module of its own, so that the library is loaded only for this. */
export function yamlOf(document: unknown): string {
  const exact = (_key: unknown, value: unknown): unknown => (isRawNumber(value) ? numberOf(value.rawJSON) : value);
  return stringify(document, exact, { aliasDuplicateObjects: false });
}

/** YAML's library writes whole numbers of any size, and others as a double has them. */
function numberOf(text: string): bigint | number {
  return /^-?\d+$/.test(text) ? BigInt(text) : Number(text);
}
