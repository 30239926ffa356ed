/** A number as a whole one and how many digits of it stand behind the point. */
interface Decimal {
  readonly whole: bigint;
  readonly places: number;
}

/** How many digits a quotient has behind the point (shopspring/decimal). */
const PRECISION = 16;

/** As it is written in the shortest way that means the same. */
function decimalOf(value: number): Decimal {
  const [, sign = '', digits = '0', fraction = '', exponent = '0'] = /^(-?)(\d+)(?:\.(\d+))?(?:e([-+]?\d+))?$/.exec(String(value)) ?? [];
  const places = fraction.length - Number(exponent);
  const whole = BigInt(`${digits}${fraction}`) * (sign === '-' ? -1n : 1n);
  return places >= 0 ? { whole, places } : { whole: whole * 10n ** BigInt(-places), places: 0 };
}

function numberOf({ whole, places }: Decimal): number {
  return Number(`${whole}e-${places}`);
}

function scaled({ whole, places }: Decimal, to: number): bigint {
  return whole * 10n ** BigInt(to - places);
}

function summed(a: Decimal, b: Decimal, sign: bigint): Decimal {
  const places = Math.max(a.places, b.places);
  return { whole: scaled(a, places) + sign * scaled(b, places), places };
}

function divided(a: Decimal, b: Decimal): Decimal {
  if (b.whole === 0n) throw new Error('decimal division by 0');
  const places = Math.max(a.places, b.places);
  const [over, under] = [scaled(a, places) * 10n ** BigInt(PRECISION), scaled(b, places)];
  const quotient = over / under;
  const rest = over % under;
  const size = (value: bigint): bigint => (value < 0n ? -value : value);
  const isUp = size(rest) * 2n >= size(under);
  return { whole: quotient + (isUp ? (over < 0n === under < 0n ? 1n : -1n) : 0n), places: PRECISION };
}

const OPERATIONS: Readonly<Record<'+' | '-' | '*' | '/', (a: Decimal, b: Decimal) => Decimal>> = {
  '+': (a, b) => summed(a, b, 1n),
  '-': (a, b) => summed(a, b, -1n),
  '*': (a, b) => ({ whole: a.whole * b.whole, places: a.places + b.places }),
  '/': divided,
};

/** Reckons with decimal fractions, as Sprig does: 0.1 and 0.2 are 0.3. @throws Error for a division by 0 */
export function reckon(values: readonly number[], operation: keyof typeof OPERATIONS): number {
  if (!values.every(Number.isFinite)) return Number.NaN;
  return numberOf(values.map(decimalOf).reduce(OPERATIONS[operation]));
}
