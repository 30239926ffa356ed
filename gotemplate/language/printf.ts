import { formatFloat, isInteger, isNumber, toFloat } from '../../yaml/index.ts';
import { bytesOf, format, typeOf, type Value } from './values.ts';

/** fmt.Sprintf. */
export function printf(template: string, args: readonly Value[]): string {
  let next = 0;
  let reordered = false;
  const take = (): { readonly value: Value } | undefined => {
    const index = next;
    next += 1;
    return index < args.length ? { value: args[index] } : undefined;
  };
  const said = template.replaceAll(
    /%([-+# 0]*)(?:\[(\d+)\])?(\*|\d+)?(?:\.(?:\[(\d+)\])?(\*|\d+)?)?(?:\[(\d+)\])?([\s\S]|$)/gu,
    (directive, flags: string, first?: string, width?: string, second?: string, precision?: string, third?: string, verb?: string) => {
      const at = (index: string | undefined): void => {
        if (index === undefined) return;
        reordered = true;
        next = Number(index) - 1;
      };
      if (verb === '%') return '%';
      if (verb === '' || verb === undefined) return '%!(NOVERB)';
      at(first);
      const size = width === '*' ? Number(take()?.value ?? 0) : width === undefined ? undefined : Number(width);
      at(second);
      const hasPrecision = directive.includes('.');
      const digits = precision === '*' ? Number(take()?.value ?? 0) : hasPrecision ? Number(precision ?? 0) : undefined;
      at(third);
      const argument = take();
      if (argument === undefined) return `%!${verb}(${reordered ? 'BADINDEX' : 'MISSING'})`;
      return formatOne(
        { verb, flags: size !== undefined && size < 0 ? `${flags}-` : flags, width: Math.abs(size ?? 0), precision: digits },
        argument.value,
      );
    },
  );
  if (reordered || next >= args.length) return said;
  return `${said}%!(EXTRA ${args
    .slice(next)
    .map((value) => `${typeOf(value)}=${format(value)}`)
    .join(', ')})`;
}

interface Directive {
  readonly verb: string;
  readonly flags: string;
  readonly width: number;
  readonly precision: number | undefined;
}

function formatOne(directive: Directive, value: Value): string {
  const { verb, precision } = directive;
  if (verb === 'T') return pad(directive, typeOf(value), false);
  if (verb === 'v')
    return isNumber(value) && !isInteger(value) ? number(directive, floatText('v', toFloat(value), precision)) : plain(directive, value);
  if (value === undefined || value === null) return `%!${verb}(<nil>)`;
  if (Array.isArray(value)) return `[${value.map((item: Value) => formatOne(directive, item)).join(' ')}]`;
  if (isInteger(value)) return formatInteger(directive, BigInt(value)) ?? wrong(verb, value);
  if (isNumber(value)) return /[eEfFgG]/.test(verb) ? number(directive, floatText(verb, toFloat(value), precision)) : wrong(verb, value);
  if (typeof value === 'string') return formatString(directive, value) ?? wrong(verb, value);
  if (typeof value === 'boolean') return verb === 't' ? pad(directive, String(value), false) : wrong(verb, value);
  return verb === 's' ? pad(directive, format(value), false) : wrong(verb, value);
}

function plain(directive: Directive, value: Value): string {
  return isInteger(value) ? number(directive, String(value)) : pad(directive, format(value), false);
}

function wrong(verb: string, value: Value): string {
  return `%!${verb}(${typeOf(value)}=${format(value)})`;
}

function formatInteger(directive: Directive, value: bigint): string | undefined {
  const { verb, flags, precision } = directive;
  const magnitude = value < 0n ? -value : value;
  const sign = value < 0n ? '-' : '';
  const based = (base: number, prefix: string): string =>
    number(directive, `${sign}${flags.includes('#') ? prefix : ''}${magnitude.toString(base).padStart(precision ?? 0, '0')}`);
  switch (verb) {
    case 'd':
      return based(10, '');
    case 'b':
      return based(2, '0b');
    case 'o':
      return based(8, '0');
    case 'O':
      return number(directive, `${sign}0o${magnitude.toString(8)}`);
    case 'x':
      return based(16, '0x');
    case 'X':
      return based(16, '0X').toUpperCase();
    case 'c':
      return pad(directive, String.fromCodePoint(Number(value)), false);
    case 'q':
      return pad(directive, `'${String.fromCodePoint(Number(value))}'`, false);
    case 'U':
      return pad(directive, `U+${magnitude.toString(16).toUpperCase().padStart(4, '0')}`, false);
    default:
      return undefined;
  }
}

function formatString(directive: Directive, value: string): string | undefined {
  const { verb, flags, precision } = directive;
  const cut = precision === undefined ? value : [...value].slice(0, precision).join('');
  switch (verb) {
    case 's':
      return pad(directive, cut, false);
    case 'q':
      return pad(directive, flags.includes('#') && !cut.includes('`') ? `\`${cut}\`` : quote(cut), false);
    case 'x':
      return pad(directive, bytesOf(cut).toString('hex'), false);
    case 'X':
      return pad(directive, bytesOf(cut).toString('hex').toUpperCase(), false);
    default:
      return undefined;
  }
}

function floatText(verb: string, value: number, precision: number | undefined): string {
  if (!Number.isFinite(value)) return formatFloat(value);
  switch (verb) {
    case 'f':
    case 'F':
      return value.toFixed(precision ?? 6);
    case 'e':
    case 'E': {
      const text = exponent(value.toExponential(precision ?? 6));
      return verb === 'E' ? text.toUpperCase() : text;
    }
    default: {
      const text = precision === undefined ? formatFloat(value) : exponent(String(Number(value.toPrecision(Math.max(1, precision)))));
      return verb === 'G' ? text.toUpperCase() : text;
    }
  }
}

/** Go's exponents have two digits. */
function exponent(text: string): string {
  return text.replace(/e([+-])(\d)$/, 'e$10$2');
}

function number(directive: Directive, text: string): string {
  const { flags } = directive;
  const signed =
    text.startsWith('-') || text.startsWith('+') ? text : flags.includes('+') ? `+${text}` : flags.includes(' ') ? ` ${text}` : text;
  return pad(directive, signed, true);
}

function pad({ flags, width, precision, verb }: Directive, text: string, isNumeric: boolean): string {
  const missing = width - [...text].length;
  if (missing <= 0) return text;
  if (flags.includes('-')) return text + ' '.repeat(missing);
  const zeros = flags.includes('0') && isNumeric && (precision === undefined || /[eEfFgGv]/.test(verb));
  if (!zeros) return ' '.repeat(missing) + text;
  const sign = /^[-+ ]/.exec(text)?.[0] ?? '';
  return sign + '0'.repeat(missing) + text.slice(sign.length);
}

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\u0007': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
};

/** strconv.Quote. */
export function quote(text: string): string {
  const escaped = [...text].map((character) => {
    const known = ESCAPES[character];
    if (known !== undefined) return known;
    if (!/[\p{C}\p{Z}]/u.test(character) || character === ' ') return character;
    const code = character.codePointAt(0) ?? 0;
    if (code < 0x80) return `\\x${code.toString(16).padStart(2, '0')}`;
    return code > 0xffff ? `\\U${code.toString(16).padStart(8, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
  });
  return `"${escaped.join('')}"`;
}
