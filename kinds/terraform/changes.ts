import { growingMask, isObject, isRawNumber, type Json, jsonDigest, type Mask, maskJson, textsIn } from '../../engine/index.ts';
import type { AttributeChange, ChangeDetails } from '../../phases/index.ts';

/**
 * The details of a plan's changes by address, outputs as `output.<name>`, from what `terraform show -json` says of it; secrets masked.
 * @see https://developer.hashicorp.com/terraform/internals/json-format#change-representation
 */
export function readChanges(document: unknown, known: Mask): ReadonlyMap<string, ChangeDetails> {
  const found = new Map<string, ChangeDetails>();
  if (!isObject(document)) return found;
  const resources = (Array.isArray(document.resource_changes) ? document.resource_changes : []).filter(isObject);
  const outputs = Object.entries(isObject(document.output_changes) ? document.output_changes : {});
  // A provider may hand on what is sensitive as what is not: it is the same text.
  const all = [...resources.map(({ change }) => change), ...outputs.map(([, change]) => change)];
  const texts = all.flatMap((change) => [...sensitiveTexts(change), ...formerSecrets(change, known)]);
  const hidden = growingMask(texts);
  // One that is too short to be looked for in texts may be a whole value.
  const whole = new Set(texts.filter(({ length }) => length > 1));
  const mask = (text: string): string => (whole.has(text) ? '***' : hidden(known(text)));
  for (const one of resources) {
    if (!isObject(one.change)) continue;
    const { importing } = one.change;
    found.set(String(one.address), {
      attributes: attributesOf(one.change, mask),
      ...(typeof one.previous_address === 'string' ? { movedFrom: mask(one.previous_address) } : {}),
      ...(isObject(importing) && typeof importing.id === 'string' ? { importId: mask(importing.id) } : {}),
    });
  }
  for (const [name, change] of outputs) {
    if (isObject(change)) found.set(`output.${name}`, { attributes: attributesOf(change, mask) });
  }
  return found;
}

type Change = { readonly [key: string]: unknown };
type Path = readonly (string | number)[];

/** What of a value is sensitive, unknown: `true` for all of it, or a value of the same shape. */
interface Sides {
  readonly before: unknown;
  readonly after: unknown;
  readonly beforeSensitive: unknown;
  readonly afterSensitive: unknown;
  readonly unknown: unknown;
}

function attributesOf(change: Change, mask: (text: string) => string): readonly AttributeChange[] {
  // Of what is destroyed all goes.
  if (change.after === null && change.after_unknown !== true && isDestroyed(change.actions)) return [];
  const forcing = (Array.isArray(change.replace_paths) ? change.replace_paths : []) as readonly Path[];
  const all: AttributeChange[] = [];
  const walk = (path: Path, sides: Sides): void => {
    if (isSplit(sides))
      for (const key of keysOf(sides))
        walk(
          [...path, key],
          mapSides(sides, (side) => part(side, key)),
        );
    else add(path, sides);
  };
  const add = (path: Path, sides: Sides): void => {
    const isUnknown = holdsTrue(sides.unknown);
    if (!isUnknown && isSame(sides.before, sides.after)) return;
    const isSensitive = holdsTrue(sides.beforeSensitive) || holdsTrue(sides.afterSensitive);
    all.push({
      path: mask(pathText(path)),
      ...(isSensitive || sides.before === undefined || sides.before === null ? {} : { before: maskJson(sides.before as Json, mask) }),
      ...(isSensitive || isUnknown || sides.after === undefined || sides.after === null
        ? {}
        : { after: maskJson(sides.after as Json, mask) }),
      ...(isSensitive ? { sensitive: true } : {}),
      ...(isUnknown ? { unknown: true } : {}),
      ...(forcing.some((one) => one.every((key, at) => key === path[at]) && one.length <= path.length) ? { forces: true } : {}),
    });
  };
  walk([], {
    before: change.before ?? undefined,
    after: change.after ?? undefined,
    beforeSensitive: change.before_sensitive,
    afterSensitive: change.after_sensitive,
    unknown: change.after_unknown,
  });
  return all;
}

/** The texts that a change calls sensitive. */
function sensitiveTexts(change: unknown): readonly string[] {
  if (!isObject(change)) return [];
  const within = (value: unknown, sensitive: unknown): readonly string[] => {
    if (sensitive === true) return value === undefined ? [] : textsIn(value as Json);
    if (!isShaped(sensitive)) return [];
    return Object.entries(sensitive as object).flatMap(([key, below]) => within(part(value, key), below));
  };
  return [...within(change.before, change.before_sensitive), ...within(change.after, change.after_sensitive)];
}

/** The texts in whose place a secret comes: what was there before was one, too. */
function formerSecrets(change: unknown, known: Mask): readonly string[] {
  const within = (before: unknown, after: unknown): readonly string[] => {
    const [was, is] = [before, after].map(textOf);
    if (was !== undefined && is !== undefined) return was !== is && known(is) !== is && known(was) === was ? [was] : [];
    if (!isShaped(before) || !isShaped(after)) return [];
    return Object.entries(before as object).flatMap(([key, value]) => within(value, part(after, key)));
  };
  return isObject(change) ? within(change.before, change.after) : [];
}

function textOf(value: unknown): string | undefined {
  const texts = typeof value === 'string' || typeof value === 'number' || isRawNumber(value) ? textsIn(value) : [];
  return texts[0];
}

function isDestroyed(actions: unknown): boolean {
  return Array.isArray(actions) && actions.includes('delete');
}

/** Objects are told by their attributes, and lists by their elements where they are as long as they were: else it can't be said which is which. */
function isSplit({ before, after, unknown }: Sides): boolean {
  if (unknown === true) return false;
  if (isObject(before) || isObject(after))
    return isShaped(before ?? {}) && isShaped(after ?? {}) && !Array.isArray(before) && !Array.isArray(after);
  return Array.isArray(before) && Array.isArray(after) && before.length === after.length && before.some(isObject);
}

function isShaped(value: unknown): boolean {
  return isObject(value) || Array.isArray(value);
}

function keysOf({ before, after, unknown }: Sides): readonly (string | number)[] {
  if (Array.isArray(before) && Array.isArray(after)) return before.map((_, index) => index);
  const all = [before, after, unknown].flatMap((side) => (isObject(side) ? Object.keys(side) : []));
  return [...new Set(all)].sort();
}

function part(side: unknown, key: string | number): unknown {
  if (side === true) return true;
  return isShaped(side) ? (side as { readonly [key: string | number]: unknown })[key] : undefined;
}

function mapSides(sides: Sides, of: (side: unknown) => unknown): Sides {
  return {
    before: of(sides.before),
    after: of(sides.after),
    beforeSensitive: of(sides.beforeSensitive),
    afterSensitive: of(sides.afterSensitive),
    unknown: of(sides.unknown),
  };
}

/** Whether a value, or any part of it, is `true`: how Terraform says what is sensitive or unknown. */
export function holdsTrue(side: unknown): boolean {
  if (side === true) return true;
  return isShaped(side) && Object.values(side as object).some(holdsTrue);
}

function isSame(before: unknown, after: unknown): boolean {
  return jsonDigest((before ?? null) as Json) === jsonDigest((after ?? null) as Json);
}

function pathText(path: Path): string {
  return path
    .map((key, at) =>
      typeof key === 'number' ? `[${key}]` : /^[\w-]+$/.test(key) ? `${at === 0 ? '' : '.'}${key}` : `[${JSON.stringify(key)}]`,
    )
    .join('');
}
