import { stringify } from 'yaml';
import { isRawInteger } from '../engine/index.ts';

/** A document as YAML, nothing in it by anchor. A module of its own, so that the library is loaded only for this. */
export function yamlOf(document: unknown): string {
  const exact = (_key: unknown, value: unknown): unknown => (isRawInteger(value) ? BigInt(value.rawJSON) : value);
  return stringify(document, exact, { aliasDuplicateObjects: false });
}
