import { isObject, type Json, type JsonObject } from './json.ts';

/** Replaces every secret value in a text by `***`: as it is, in base64 at any alignment, in hex, URL-encoded and JSON-escaped. */
export type Mask = (text: string) => string;

/** Shorter values are not masked: `1` or `eu` would hide half of every log. */
const SHORTEST = 4;

/** Where there are no secrets. */
export const UNMASKED: Mask = (text) => text;

export function makeMask(secrets: readonly string[]): Mask {
  const forms = new Set<string>();
  for (const secret of secrets) {
    for (const value of new Set([secret, ...secret.split('\n')])) {
      if (value.length < SHORTEST) continue;
      forms.add(value);
      forms.add(encodeURIComponent(value));
      const hex = Buffer.from(value).toString('hex');
      forms.add(hex);
      forms.add(hex.toUpperCase());
      forms.add(JSON.stringify(value).slice(1, -1));
      for (const form of base64Forms(value)) forms.add(form);
    }
  }
  const needles = [...forms].sort((a, b) => b.length - a.length);
  if (needles.length === 0) return UNMASKED;
  return (text) => needles.reduce((masked, needle) => masked.replaceAll(needle, '***'), text);
}

/** The characters of a value's base64 that do not depend on what stands before or after it, for the three alignments. */
function base64Forms(value: string): readonly string[] {
  const bytes = Buffer.from(value);
  return [0, 1, 2].flatMap((offset) => {
    const encoded = Buffer.concat([Buffer.alloc(offset), bytes])
      .toString('base64')
      .replaceAll('=', '');
    const skip = offset === 0 ? 0 : offset + 1;
    const tail = (bytes.length + offset) % 3 === 0 ? 0 : 1;
    const core = encoded.slice(skip, encoded.length - tail);
    return core.length < 6 ? [] : [core, core.replaceAll('+', '-').replaceAll('/', '_')];
  });
}

/** The same for every text in a value: its keys are names, and stay. */
export function maskJson(value: Json, mask: Mask): Json {
  if (typeof value === 'string') return mask(value);
  if (Array.isArray(value)) return value.map((item: Json) => maskJson(item, mask));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value as JsonObject).map(([key, member]) => [key, maskJson(member, mask)]));
}
