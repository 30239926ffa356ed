import { type Method, Opaque, type Value } from '../language/values.ts';

/** A version (Semantic Versioning 2.0.0), with or without `v`; parts that are left out are 0. */
export class Version extends Opaque {
  readonly type = '*semver.Version';
  readonly numbers: readonly [number, number, number];
  readonly prerelease: string;
  readonly metadata: string;
  readonly original: string;

  /** @throws Error for what is no version */
  constructor(text: string) {
    super();
    const found = /^v?(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:-([0-9A-Za-z.-]+))?(?:\+([0-9A-Za-z.-]+))?$/.exec(text.trim());
    if (found === null) throw new Error('Invalid Semantic Version');
    this.numbers = [Number(found[1]), Number(found[2] ?? 0), Number(found[3] ?? 0)];
    this.prerelease = found[4] ?? '';
    this.metadata = found[5] ?? '';
    this.original = text;
  }

  print(): string {
    return `${this.numbers.join('.')}${this.prerelease === '' ? '' : `-${this.prerelease}`}${this.metadata === '' ? '' : `+${this.metadata}`}`;
  }

  member(name: string): Value | Method {
    const members: Readonly<Record<string, Value | Method>> = {
      Major: () => this.numbers[0],
      Minor: () => this.numbers[1],
      Patch: () => this.numbers[2],
      Prerelease: () => this.prerelease,
      Metadata: () => this.metadata,
      Original: () => this.original,
      String: () => this.print(),
      IncMajor: () => this.#next(this.numbers[0] + 1, 0, 0),
      IncMinor: () => this.#next(this.numbers[0], this.numbers[1] + 1, 0),
      // One before a release becomes that.
      IncPatch: () => this.#next(this.numbers[0], this.numbers[1], this.numbers[2] + (this.prerelease === '' ? 1 : 0)),
      Equal: (other) => other instanceof Version && compareVersions(this, other) === 0,
      LessThan: (other) => other instanceof Version && compareVersions(this, other) < 0,
      GreaterThan: (other) => other instanceof Version && compareVersions(this, other) > 0,
      Compare: (other) => (other instanceof Version ? compareVersions(this, other) : null),
    };
    return Object.hasOwn(members, name) ? members[name] : undefined;
  }

  #next(...numbers: readonly [number, number, number]): Version {
    return new Version(`${this.original.startsWith('v') ? 'v' : ''}${numbers.join('.')}`);
  }
}

function compareVersions(a: Version, b: Version): number {
  for (let index = 0; index < 3; index += 1) {
    const order = (a.numbers[index] ?? 0) - (b.numbers[index] ?? 0);
    if (order !== 0) return Math.sign(order);
  }
  if (a.prerelease === b.prerelease) return 0;
  if (a.prerelease === '' || b.prerelease === '') return a.prerelease === '' ? 1 : -1;
  const [x, y] = [a.prerelease.split('.'), b.prerelease.split('.')];
  for (let index = 0; index < Math.max(x.length, y.length); index += 1) {
    const order = compareIdentifiers(x[index], y[index]);
    if (order !== 0) return order;
  }
  return 0;
}

function compareIdentifiers(a: string | undefined, b: string | undefined): number {
  if (a === b) return 0;
  if (a === undefined || b === undefined) return a === undefined ? -1 : 1;
  const [x, y] = [/^\d+$/.test(a), /^\d+$/.test(b)];
  if (x && y) return Math.sign(Number(a) - Number(b));
  if (x !== y) return x ? -1 : 1;
  return a < b ? -1 : 1;
}

/**
 * Whether a version meets a constraint (Masterminds/semver): `||` between alternatives, `,` or spaces between what must all hold; `=`, `!=`, `>`, `>=`,
 * `<`, `<=`, `~`, `^`, `1.2 - 1.4`, `1.x`, `*`. Versions before a release meet only what names one.
 * @throws Error for what is no constraint
 */
export function meets(constraint: string, version: Version): boolean {
  return constraint.split('||').some((alternative) => {
    const ranged = alternative.replaceAll(/(\S+)\s+-\s+(\S+)/g, '>=$1 <=$2');
    const parts = [...ranged.matchAll(/(=>|>=|=<|<=|!=|>|<|=|~>|~|\^)?\s*(v?[0-9xX*][^\s,]*)/g)];
    if (parts.length === 0 || ranged.replaceAll(/(=>|>=|=<|<=|!=|>|<|=|~>|~|\^)?\s*(v?[0-9xX*][^\s,]*)|[\s,]/g, '') !== '') {
      throw new Error(`improper constraint: ${constraint}`);
    }
    return parts.every(([, operator = '', wanted = '']) => meetsOne(operator, wanted, version));
  });
}

function meetsOne(operator: string, wanted: string, version: Version): boolean {
  const [, core = '', rest = ''] = /^v?([^-+]*)(.*)$/.exec(wanted) ?? [];
  const numbers = core.split('.').filter((part) => !/^[xX*]$/.test(part));
  const known = numbers.length;
  const floor = new Version(`${[...numbers, '0', '0', '0'].slice(0, 3).join('.')}${rest}`);
  if (version.prerelease !== '' && floor.prerelease === '') return operator === '!=';
  const order = compareVersions(version, floor);
  const below = (index: number): boolean => {
    const ceiling = floor.numbers.map((part, at) => (at < index ? part : at === index ? part + 1 : 0));
    return compareVersions(version, new Version(ceiling.join('.'))) < 0;
  };
  const within = known === 0 || (order >= 0 && below(Math.max(0, known - 1)));
  switch (operator) {
    case '':
    case '=':
      return known === 3 ? order === 0 : within;
    case '!=':
      return known === 3 ? order !== 0 : !within;
    case '>':
      return known === 3 || known === 0 ? order > 0 : order > 0 && !within;
    case '>=':
    case '=>':
      return order >= 0;
    case '<':
      return order < 0;
    case '<=':
    case '=<':
      return known === 3 ? order <= 0 : order <= 0 || within;
    case '~':
    case '~>':
      return known === 0 || (order >= 0 && below(known === 1 ? 0 : 1));
    default: {
      // `^`: up to the next change of the first part that is not 0.
      const first = floor.numbers.findIndex((part) => part > 0);
      return known === 0 || (order >= 0 && below(first === -1 ? Math.min(known, 3) - 1 : first));
    }
  }
}
