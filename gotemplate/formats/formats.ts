import { Float, formatFloat, isInteger, isNumber, isPlain, looksOtherwise, plainScalar, taggedScalar, toFloat } from '../../yaml/index.ts';
import { type Dict, format, isDict, sortedEntries, type Value, withWholeKeys } from '../language/values.ts';

/** Loaded when a template first asks for them: most never do. */
const loaded = (name: string): unknown => process.getBuiltinModule('node:module').createRequire(import.meta.url)(name);
const yaml = (): typeof import('yaml') => loaded('yaml') as typeof import('yaml');
const toml = (): typeof import('smol-toml') => loaded('smol-toml') as typeof import('smol-toml');

/** The first document of a YAML text. @throws Error */
export function fromYaml(text: string): Value {
  const { parseDocument, isMap, isSeq, isScalar, isAlias } = yaml();
  const document = parseDocument(text, { prettyErrors: false, logLevel: 'silent' });
  if (document.errors[0] !== undefined) throw new Error(document.errors[0].message);
  const read = (node: unknown): Value => {
    if (isAlias(node)) return read(node.resolve(document));
    if (isSeq(node)) return node.items.map(read);
    if (isMap(node)) {
      const entries = node.items.map(({ key, value }): readonly [string, Value] => [
        isScalar(key) ? (key.source ?? String(key.value)) : String(key),
        read(value),
      ]);
      const merged = entries.filter(([key]) => key === '<<').flatMap(([, value]) => (Array.isArray(value) ? (value as Value[]) : [value]));
      const made = Object.fromEntries([
        ...merged.reverse().flatMap((one) => (isDict(one) ? Object.entries(one) : [])),
        ...entries.filter(([key]) => key !== '<<'),
      ]);
      const isWhole = node.items.length > 0 && node.items.every(({ key }) => isScalar(key) && isInteger(plainScalar(key.source ?? '')));
      return isWhole ? withWholeKeys(made) : made;
    }
    if (!isScalar(node)) return null;
    const [, tag] = /^tag:yaml\.org,2002:(\w+)$/.exec(node.tag ?? '') ?? [];
    if (tag !== undefined) return taggedScalar(tag, node.source ?? String(node.value));
    return node.type === 'PLAIN' ? plainScalar(node.source ?? '') : String(node.value);
  };
  return read(document.contents);
}

/** yaml.v3's form: keys in order, two spaces (four, as `wide`), a line break at the end. */
export function toYaml(value: Value, indent = 2): string {
  return `${writeYaml(value, indent, '').replace(/^\n/, '')}\n`;
}

function writeYaml(value: Value, indent: number, prefix: string): string {
  if (Array.isArray(value)) {
    if (value.length === 0) return '[]';
    return value.map((item: Value) => `\n${prefix}- ${writeYaml(item, indent, `${prefix}  `).replace(/^\n\s*/, '')}`).join('');
  }
  if (isDict(value)) {
    const entries = sortedEntries(value);
    if (entries.length === 0) return '{}';
    return entries
      .map(([key, member]) => {
        const isList = Array.isArray(member) && member.length > 0;
        const written = writeYaml(member, indent, isList ? prefix : prefix + ' '.repeat(indent));
        const nested = isList && indent > 2 ? writeYaml(member, indent, prefix + ' '.repeat(indent)) : written;
        return `\n${prefix}${yamlText(key, prefix, indent)}:${nested.startsWith('\n') ? nested : ` ${nested}`}`;
      })
      .join('');
  }
  if (typeof value === 'string') return yamlText(value, prefix, indent);
  if (isNumber(value)) return isInteger(value) ? String(value) : yamlFloat(toFloat(value));
  return value === undefined || value === null ? 'null' : format(value);
}

function yamlFloat(value: number): string {
  if (Number.isNaN(value)) return '.nan';
  if (!Number.isFinite(value)) return value > 0 ? '.inf' : '-.inf';
  return formatFloat(value);
}

function yamlText(text: string, prefix: string, indent: number): string {
  if (text.includes('\n') && !/ \n|[^\P{C}\n]/u.test(text) && !text.endsWith(' ')) {
    const body = text.replace(/\n+$/, '').split('\n');
    const mark = /^[ \n]/.test(text) ? String(indent) : '';
    const chomp = !text.endsWith('\n') ? '-' : /\n\n$/.test(text) ? '+' : '';
    const pad = prefix === '' ? ' '.repeat(indent) : prefix;
    return `|${mark}${chomp}\n${body.map((line) => (line === '' ? '' : pad + line)).join('\n')}`;
  }
  if (looksOtherwise(text) || /^\d{4}-\d\d-\d\d/.test(text) || /[^\P{C}]/u.test(text)) return JSON.stringify(text);
  return isPlain(text) ? text : `'${text.replaceAll("'", "''")}'`;
}

/** @throws Error */
export function fromToml(text: string): Value {
  return numbersOf(toml().parse(text, { integersAsBigInt: 'asNeeded' }) as Value);
}

/** TOML's own types as templates have them. */
function numbersOf(value: unknown): Value {
  if (Array.isArray(value)) return value.map(numbersOf);
  if (value instanceof Date) return value.toISOString();
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, numbersOf(member)]));
  return value as Value;
}

/** BurntSushi's form: plain keys before tables, these indented by their depth. */
export function toToml(value: Value): string {
  if (!isDict(value)) throw new Error('toml: top-level values must be a map');
  return writeTable(value, []);
}

function writeTable(table: Dict, path: readonly string[]): string {
  const pad = '  '.repeat(path.length);
  const entries = sortedEntries(table).filter(([, member]) => member !== null && member !== undefined);
  const isTables = (member: Value): member is readonly Dict[] =>
    Array.isArray(member) && member.length > 0 && member.every((item: Value) => isDict(item));
  let text = '';
  for (const [key, member] of entries) if (!isDict(member) && !isTables(member)) text += `${pad}${tomlKey(key)} = ${tomlValue(member)}\n`;
  for (const [key, member] of entries) {
    const name = [...path, tomlKey(key)];
    if (isDict(member)) text += `${text === '' && path.length === 0 ? '' : '\n'}${pad}[${name.join('.')}]\n${writeTable(member, name)}`;
    else if (isTables(member))
      for (const item of member)
        text += `${text === '' && path.length === 0 ? '' : '\n'}${pad}[[${name.join('.')}]]\n${writeTable(item, name)}`;
  }
  return text;
}

const tomlKey = (key: string): string => (/^[\w-]+$/.test(key) ? key : JSON.stringify(key));

function tomlValue(value: Value): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(tomlValue).join(', ')}]`;
  if (isDict(value))
    return `{${sortedEntries(value)
      .map(([key, member]) => `${tomlKey(key)} = ${tomlValue(member)}`)
      .join(', ')}}`;
  return value instanceof Float ? value.value.toFixed(1) : format(value);
}

/** Records of fields (RFC 4180). @throws Error for quotes that do not end */
export function fromCsv(text: string, comma = ','): readonly (readonly string[])[] {
  const records: string[][] = [];
  let record: string[] = [];
  let at = 0;
  while (at < text.length) {
    let field = '';
    if (text[at] === '"') {
      const found = /"((?:[^"]|"")*)"/y;
      found.lastIndex = at;
      const quoted = found.exec(text);
      if (quoted === null) throw new Error('parse error: a quoted field does not end');
      field = (quoted[1] ?? '').replaceAll('""', '"');
      at = found.lastIndex;
    } else {
      const end = [text.indexOf(comma, at), text.indexOf('\n', at)].filter((index) => index !== -1);
      const stop = end.length === 0 ? text.length : Math.min(...end);
      field = text.slice(at, stop).replace(/\r$/, '');
      at = stop;
    }
    record.push(field);
    if (text.startsWith(comma, at)) {
      at += comma.length;
      if (at === text.length) record.push('');
      continue;
    }
    at = text.startsWith('\r\n', at) ? at + 2 : at + 1;
    if (record.length > 1 || field !== '') records.push(record);
    record = [];
  }
  if (record.length > 0) records.push(record);
  return records;
}

/** Lines end with CR LF, as RFC 4180 has it. */
export function toCsv(records: readonly (readonly string[])[], comma = ','): string {
  const field = (text: string): string =>
    /["\r\n]/.test(text) || text.includes(comma) || /^\s/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  return records.map((record) => `${record.map(field).join(comma)}\r\n`).join('');
}
