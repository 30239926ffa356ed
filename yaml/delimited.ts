import type { Entry, Place } from './located.ts';

/**
 * The parts of a key as `settings.yaml.key_delimiter` divides it, each with its place; only the key itself where an empty one would be among them.
 * (Atmos, `pkg/yaml/expand`.)
 */
function partsOf(key: string, at: Place, delimiter: string): readonly { readonly name: string; readonly at: Place }[] {
  const names = key.split(delimiter);
  if (names.some((name) => name === '')) return [{ name: key, at }];
  let offset = at.offset;
  return names.map((name) => {
    const part = { name, at: { ...at, offset, length: name.length } };
    offset += name.length + delimiter.length;
    return part;
  });
}

/** Adds an entry whose key stands for maps within maps: `a.b: v` is `a: { b: v }`. What is there already stays beside it, where both are maps. */
export function addDelimited(entries: Map<string, Entry>, key: string, { keyAt, value }: Entry, delimiter: string): void {
  const [first, ...rest] = partsOf(key, keyAt, delimiter);
  if (first === undefined) return;
  const nested = rest.reduceRight<Entry['value']>(
    (inner, { name, at }) => ({ kind: 'map', entries: new Map([[name, { keyAt: at, value: inner }]]), at }),
    value,
  );
  add(entries, first.name, { keyAt: first.at, value: nested });
}

function add(entries: Map<string, Entry>, name: string, entry: Entry): void {
  const known = entries.get(name);
  if (known?.value.kind !== 'map' || entry.value.kind !== 'map') {
    entries.set(name, entry);
    return;
  }
  const both = new Map(known.value.entries);
  for (const [inner, one] of entry.value.entries) add(both, inner, one);
  entries.set(name, { keyAt: known.keyAt, value: { ...known.value, entries: both } });
}
