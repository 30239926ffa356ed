import { stringify } from 'yaml';

/** A document as YAML, nothing in it by anchor. A module of its own, so that the library is loaded only for this. */
export function yamlOf(document: unknown): string {
  return stringify(document, { aliasDuplicateObjects: false });
}
