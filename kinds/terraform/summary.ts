import { type Digest, isObject, type JsonObject, type Mask, parseJson, type Store } from '../../engine/index.ts';
import type { PlannedChange, PlanSummary, ToolWarning } from '../../phases/index.ts';
import { readChanges } from './changes.ts';
import type { Diagnostic } from './diagnostic.ts';
import { VARS_FILE } from './module.ts';

/** What outputs are read from. */
type Reading = Pick<Store, 'tree' | 'get'>;

/** Which actions an action of Terraform's machine-readable UI stands for; one that is not here changes nothing. */
const ACTIONS: Readonly<Record<string, readonly string[]>> = {
  create: ['create'],
  update: ['update'],
  delete: ['delete'],
  replace: ['delete', 'create'],
  import: ['import'],
  remove: ['forget'],
  move: ['move'],
};

/**
 * Reads what a plan node's output says (Terraform's machine-readable UI: `planned_change`, `outputs`; and `changes.json`), secrets masked. A replacement
 * counts as both.
 */
export async function readPlan(plan: Digest, store: Reading, mask: Mask): Promise<PlanSummary> {
  const details = readChanges(await readFile(plan, 'changes.json', store), mask);
  const changes: PlannedChange[] = [];
  const add = (address: string, action: unknown): void => {
    const actions = ACTIONS[String(action)];
    if (actions !== undefined) changes.push({ address: mask(address), actions, ...details.get(address) });
  };
  const events = await readEvents(plan, 'plan.jsonl', store);
  for (const event of events) {
    if (event.type === 'planned_change' && isObject(event.change) && isObject(event.change.resource)) {
      add(String(event.change.resource.addr), event.change.action);
    } else if (event.type === 'outputs' && isObject(event.outputs)) {
      for (const [name, output] of Object.entries(event.outputs)) if (isObject(output)) add(`output.${name}`, output.action);
    }
  }
  changes.sort((a, b) => (a.address < b.address ? -1 : 1));
  const count = (action: string): number =>
    changes.filter(({ address, actions }) => !address.startsWith('output.') && actions.includes(action)).length;
  return { create: count('create'), update: count('update'), delete: count('delete'), changes, warnings: warningsIn(events, mask) };
}

/** What an apply warned of. */
export async function readApplyWarnings(applied: Digest, store: Reading, mask: Mask): Promise<readonly ToolWarning[]> {
  return warningsIn(await readEvents(applied, 'apply.jsonl', store), mask);
}

function warningsIn(events: Events, mask: Mask): readonly ToolWarning[] {
  const all = events.flatMap(({ type, diagnostic, '@level': level }) => {
    if (type !== 'diagnostic' || level !== 'warn' || !isObject(diagnostic)) return [];
    const { range } = diagnostic;
    const start = isObject(range) && isObject(range.start) ? range.start : undefined;
    const detail = mask(oneLine(diagnostic.detail));
    return [
      {
        summary: mask(String(diagnostic.summary)),
        detail,
        file: isObject(range) ? String(range.filename) : null,
        line: start === undefined ? null : Number(start.line),
      },
    ];
  });
  return [...new Map(all.map((one) => [JSON.stringify(one), one])).values()];
}

/** The first error that a plan or an apply which failed tells, with its place. `events` names the file in its output. */
export async function readUiDiagnostic(
  output: Digest,
  events: 'plan.jsonl' | 'apply.jsonl',
  store: Reading,
): Promise<Diagnostic | undefined> {
  const found = (await readEvents(output, events, store)).find(
    (event) => event.type === 'diagnostic' && event['@level'] === 'error',
  )?.diagnostic;
  if (!isObject(found)) return undefined;
  const range = isObject(found.range) ? found.range : undefined;
  const start = range !== undefined && isObject(range.start) ? range.start : undefined;
  const file = range === undefined ? undefined : String(range.filename);
  return {
    summary: String(found.summary),
    detail: oneLine(found.detail),
    file,
    line: start === undefined ? undefined : Number(start.line),
    variable: file === VARS_FILE || ABOUT_VALUE.test(String(found.summary)) ? variableOf(found.snippet) : undefined,
  };
}

/** Terraform names where a value is, OpenTofu where its variable is declared. */
const ABOUT_VALUE = /^Invalid value for (?:input )?variable$/;

/** The variable whose value an error is about: `var.cidr` among the values that it shows, else what the line that it shows has. */
function variableOf(snippet: unknown): string | undefined {
  if (!isObject(snippet)) return undefined;
  const values = Array.isArray(snippet.values) ? snippet.values : [];
  const shown = values.flatMap((value) => (isObject(value) ? (/^var\.([\w-]+)/.exec(String(value.traversal))?.[1] ?? []) : []));
  const [, key, declared] = /^\s*(?:"([^"]+)":|variable "([^"]+)")/.exec(String(snippet.code)) ?? [];
  return shown[0] ?? key ?? declared;
}

function oneLine(text: unknown): string {
  return String(text ?? '')
    .replaceAll(/\s+/g, ' ')
    .trim();
}

type Events = readonly { readonly [key: string]: unknown }[];

async function readEvents(output: Digest, file: string, store: Reading): Promise<Events> {
  const entry = (await store.tree(output)).entries.find(({ path }) => path === file);
  const bytes = entry === undefined ? undefined : await store.get(entry.digest);
  const lines = Buffer.from(bytes ?? '')
    .toString('utf8')
    .split('\n');
  return lines.flatMap((line) => {
    const event: unknown = line.startsWith('{') ? JSON.parse(line) : undefined;
    return isObject(event) ? [event] : [];
  });
}

async function readFile(tree: Digest, path: string, store: Reading): Promise<JsonObject | undefined> {
  const entry = (await store.tree(tree)).entries.find((file) => file.path === path);
  const bytes = entry === undefined ? undefined : await store.get(entry.digest);
  if (bytes === undefined) return undefined;
  const document: unknown = parseJson(Buffer.from(bytes).toString('utf8'));
  if (!isObject(document)) throw new TypeError(`${path} is not an object`);
  return document as JsonObject;
}
