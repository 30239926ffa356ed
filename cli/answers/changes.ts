import type { PlanAnswer } from '../../app/index.ts';

type Change = PlanAnswer['plans'][string]['changes'][number];
type Attribute = NonNullable<Change['attributes']>[number];

/** Longer values are cut: the JSON form has all of them. */
const LONGEST = 400;

/** What would change, for people: a line a resource or output, and below it one an attribute. */
export function changeLines(changes: readonly Change[]): readonly string[] {
  return changes.flatMap((change) => [`  ${headOf(change)}`, ...(change.attributes ?? []).map((one) => `      ${attributeText(one)}`)]);
}

function headOf({ address, actions, movedFrom, importId }: Change): string {
  const moved = movedFrom === undefined ? '' : `  (moved from ${movedFrom})`;
  const imported = importId === undefined ? '' : `  (imported as ${importId})`;
  return `${actions.join(', ')} ${address}${moved}${imported}`;
}

/** `tags.Name: "a" → "b"  (forces replacement)`. What was not there has no left side, and what will not be there no right one. */
function attributeText({ path, before, after, sensitive, unknown, forces }: Attribute): string {
  const name = path === '' ? '' : `${path}: `;
  const old = before === undefined ? '' : valueText(before);
  const next = unknown === true ? '(known after apply)' : after === undefined ? 'none' : valueText(after);
  const change = sensitive === true ? '(sensitive value)' : old === '' ? next : `${old} → ${next}`;
  return `${name}${change}${forces === true ? '  (forces replacement)' : ''}`;
}

function valueText(value: Exclude<Attribute['before'], undefined>): string {
  const text = JSON.stringify(value);
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST)}… (${text.length} characters)`;
}
