import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAst } from 'rolldown/parseAst';

/** A node of a syntax tree (ESTree), as far as this looks at it. */
interface Syntax {
  readonly type: string;
  readonly [key: string]: unknown;
}

interface Found {
  readonly code: string;
  readonly kind: string;
  readonly message: string;
}

const EXIT_CODES: Readonly<Record<string, number>> = { failed: 1, invalid: 2, refused: 3, environment: 4, interrupted: 130 };
const CODE = /^[a-z]+(-[a-z]+)*$/;

/** `docs/errors.md`: every code that an error may have, with its exit code and what it says, as the source has it. `…` stands for what differs. */
export function errorIndex(root: string): string {
  const all = sources(root).flatMap((file) => errorsIn(parseAst(readFileSync(file, 'utf8'), { lang: 'ts' }) as unknown as Syntax));
  const byCode = Map.groupBy(all, ({ code }) => code);
  const rows = [...byCode].sort(([a], [b]) => (a < b ? -1 : 1)).map(([code, found]) => rowOf(code, found));
  return `${HEAD}${rows.join('\n')}\n`;
}

const HEAD = `# Errors

An error says what is wrong, where, and what to do. With \`--format json\` it is \`{ "error": { "code", "message", "file", "line", "column", "hint" } }\`
on stdout; scripts should look at \`code\` and the exit code, never at the message.

Exit codes: 0 done, 1 a node or phase failed, 2 wrong usage or invalid configuration, 3 refused by policy, 4 the environment lacks something, 130
interrupted. \`…\` below stands for names and values. Written by \`npm run errors\`.

| code | exit | it says |
| ---- | ---- | ------- |
`;

function rowOf(code: string, found: readonly Found[]): string {
  const exits = [...new Set(found.map(({ kind }) => EXIT_CODES[kind] ?? 2))].sort((a, b) => a - b);
  const messages = [...new Set(found.map(({ message }) => message).filter((message) => message !== ''))];
  const cell = messages.map((message) => message.replaceAll('|', '\\|').replaceAll('\n', ' ').replaceAll('<', '&lt;')).join('<br>');
  return `| \`${code}\` | ${exits.join(', ')} | ${cell === '' ? 'depends on the cause' : cell} |`;
}

function sources(root: string): readonly string[] {
  const own = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory() && !NOT_SOURCES.includes(entry.name));
  return own.flatMap(({ name }) =>
    name.startsWith('.')
      ? []
      : readdirSync(join(root, name), { recursive: true, encoding: 'utf8' })
          .filter((path) => path.endsWith('.ts'))
          .sort()
          .map((path) => join(root, name, path)),
  );
}

const NOT_SOURCES = ['test', 'bench', 'scripts', 'dist', 'docs', 'node_modules', 'deployments-example'];

function errorsIn(tree: Syntax): readonly Found[] {
  const found: Found[] = [];
  const constants = new Map<string, Syntax>();
  visit(tree, (node) => {
    const { id, init } = node as { readonly id?: Syntax; readonly init?: Syntax | null };
    if (node.type === 'VariableDeclarator' && id?.type === 'Identifier' && init != null) constants.set(String(id.name), init);
  });
  visit(tree, (node) => {
    if (node.type === 'CallExpression' || node.type === 'NewExpression') found.push(...ofCall(node, constants));
    if (node.type === 'ReturnStatement') found.push(...ofDiagnosis(node));
    if (node.type === 'ArrayExpression') found.push(...ofTuple(node));
  });
  return found;
}

/** `new AtmosError(message, { kind, code })`, `errorAt(place, message, { code })`, and `refuse('code', …)` of those that have several of one sort. */
function ofCall(call: Syntax, constants: ReadonlyMap<string, Syntax>): readonly Found[] {
  const args = call.arguments as readonly Syntax[];
  const named = (node: Syntax): Syntax => constants.get(node.type === 'Identifier' ? String(node.name) : '') ?? node;
  const message = args.map((arg) => textOf(named(arg))).find((text) => text !== undefined && !CODE.test(text)) ?? '';
  const callee = call.callee as Syntax;
  const first = args[0] === undefined ? undefined : textOf(args[0]);
  if (callee.type === 'Identifier' && callee.name === 'refuse' && first?.includes('-') && CODE.test(first))
    return [{ code: first, kind: 'invalid', message }];
  return args.flatMap((arg) => {
    const code = arg.type === 'ObjectExpression' ? propertyOf(arg, 'code') : undefined;
    const kind = arg.type === 'ObjectExpression' ? propertyOf(arg, 'kind') : undefined;
    const kinds = kind === undefined ? ['invalid'] : literalsIn(kind);
    return code === undefined
      ? []
      : literalsIn(code).flatMap((one) => (CODE.test(one) ? [{ code: one, kind: kinds[0] ?? 'invalid', message }] : []));
  });
}

/** What a tool says, which a kind of components reads: `return { text, code, … }`. */
function ofDiagnosis({ argument }: Syntax): readonly Found[] {
  const value = argument as Syntax | null;
  const code = value?.type === 'ObjectExpression' && propertyOf(value, 'hint') !== undefined ? propertyOf(value, 'code') : undefined;
  const text = code === undefined ? undefined : textOf(code);
  return text === undefined ? [] : [{ code: text, kind: 'failed', message: 'what the tool itself says' }];
}

/** `[what is said, code, hint]`: errors of the file system, by their names. */
function ofTuple({ elements }: Syntax): readonly Found[] {
  const texts = (elements as readonly (Syntax | null)[]).map((element) => (element === null ? undefined : textOf(element)));
  const [message, code, hint] = texts;
  const isOne =
    texts.length === 3 && message !== undefined && code !== undefined && hint !== undefined && message.includes(' ') && code.includes('-');
  return isOne && CODE.test(code) ? [{ code, kind: 'environment', message }] : [];
}

function propertyOf({ properties }: Syntax, name: string): Syntax | undefined {
  return (properties as readonly Syntax[]).find((one) => (one.key as Syntax | undefined)?.name === name && one.shorthand !== true)?.value as
    | Syntax
    | undefined;
}

function literalsIn(node: Syntax): readonly string[] {
  const found: string[] = [];
  visit(node, (one) => {
    if (one.type === 'Literal' && typeof one.value === 'string') found.push(one.value);
  });
  return found;
}

/** A text, with `…` in place of what is computed; `undefined` for anything else. */
function textOf(node: Syntax): string | undefined {
  if (node.type === 'Literal') return typeof node.value === 'string' ? node.value : undefined;
  if (node.type === 'ConditionalExpression') return textOf(node.consequent as Syntax);
  if (node.type !== 'TemplateLiteral') return undefined;
  return (node.quasis as readonly { readonly value: { readonly cooked: string } }[]).map(({ value }) => value.cooked).join('…');
}

function visit(node: unknown, see: (node: Syntax) => void): void {
  if (typeof node !== 'object' || node === null) return;
  if ('type' in node && typeof node.type === 'string') see(node as Syntax);
  for (const value of Object.values(node)) visit(value, see);
}

if (import.meta.main) {
  const root = join(import.meta.dirname, '..');
  writeFileSync(join(root, 'docs/errors.md'), errorIndex(root));
}
