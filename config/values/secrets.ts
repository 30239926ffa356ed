import { growingMask } from '../../engine/index.ts';
import { type LocatedMap, mapOf, member, plain } from '../../yaml/index.ts';
import type { SecretSource } from '../model/scope.ts';

/** What a target declares under `secrets`: by the variable that nodes get, where its value comes from. */
export function secretsOf(target: LocatedMap | undefined): Readonly<Record<string, SecretSource>> {
  return (plain(member(target, 'secrets')) ?? {}) as unknown as Readonly<Record<string, SecretSource>>;
}

/** The same of a target of a deployment. */
export function targetSecrets({ root }: { readonly root: LocatedMap }, target: string): Readonly<Record<string, SecretSource>> {
  return secretsOf(mapOf(member(mapOf(member(root, 'targets'), '"targets"'), target), `target "${target}"`));
}

type Env = Readonly<Record<string, string | undefined>>;

/** The environment as configuration may read it: what any target of the deployment calls a secret is not for a release to hold. */
export interface GuardedEnv {
  readonly env: Env;
  /** Whether the target that is asked about has secrets at all. */
  readonly hasSecrets: boolean;
  /** Whether a variable of it is a secret of the target that is asked about. */
  isSecret(variable: string): boolean;
  /** The values that are secret, of whatever target, as far as they are set. */
  values(): readonly string[];
  /** What commands may see of it: a secret is a word that stands for it, by which `check` knows that it was used. */
  forCommands(): Readonly<Record<string, string>>;
  /** Refuses a text that holds a secret, or what stands for one, in whatever encoding. @throws Error that names it */
  check(text: string): string;
}

/** Shorter values are in many texts by chance: only what is nothing else counts. */
const SHORTEST = 8;
/** As masks have it: shorter ones are no secrets. */
const LEAST = 4;
const LINE = 16;

/** `peek` tells what a variable is without anybody taking note of that: a secret decides nothing of what is resolved. */
export function guardedEnv(root: LocatedMap, selected: string, env: Env, peek: (variable: string) => string | undefined): GuardedEnv {
  const own = new Set<string>();
  const owners = new Map<string, { readonly target: string; readonly name: string }>();
  for (const [target, { value }] of mapOf(member(root, 'targets'), '"targets"')?.entries ?? []) {
    for (const [name, source] of Object.entries(secretsOf(mapOf(value, `target "${target}"`)))) {
      if (target === selected) own.add(source.env);
      if (target === selected || !owners.has(source.env)) owners.set(source.env, { target, name });
    }
  }
  const isSecret = (variable: string): boolean => own.has(variable);
  const refuse = (variable: string, what: string): Error => {
    const { target = '', name = '' } = owners.get(variable) ?? {};
    const remedy = own.has(variable)
      ? `Make it a variable of its own (vars: { <variable>: !env ${variable} }), or one of env: then nodes read it when they run`
      : `Declare it for this target, too: secrets: { ${name}: { env: ${variable} } }`;
    return new Error(`${what} ${variable}, a secret of target ${target} (${name}), would be stored in the release. ${remedy}`);
  };
  const told = [...owners.keys()].filter((variable) => (peek(variable) ?? '').length >= LEAST);
  const heldBy = (text: string): string | undefined => told.find((variable) => isIn(text, peek(variable) ?? ''));
  return {
    hasSecrets: own.size > 0,
    isSecret,
    env: new Proxy(env, {
      get(all, variable: string) {
        if (owners.has(variable)) throw refuse(variable, 'the value of');
        const value: unknown = all[variable];
        // What every object has is no variable.
        if (typeof value !== 'string') return undefined;
        const held = heldBy(value);
        if (held !== undefined) throw refuse(held, `${variable} has the value of`);
        return value;
      },
    }),
    values: () => told.map((variable) => peek(variable) ?? ''),
    forCommands() {
      const all = Object.entries({ ...env }).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
      return Object.fromEntries(all.map(([name, value]) => [name, owners.has(name) ? standIn(name) : value]));
    },
    check(text) {
      const held = heldBy(text) ?? [...owners.keys()].find((variable) => holds(text, standIn(variable)));
      if (held !== undefined) throw refuse(held, 'it gives the value of');
      return text;
    },
  };
}

/** What a command is given in place of a secret: whatever it makes of that may be in a release. */
const standIn = (variable: string): string => `a-secret-is-not-given-to-commands-${variable}`;

/** Whether a text is a value, or has one in it that is long enough not to be there by chance. */
function isIn(text: string, value: string): boolean {
  return text.trim() === value.trim() || (value.length >= SHORTEST && holds(text, value));
}

/** Whether a text has a value in it: as it is, or encoded as masks know it. Of what has several lines, those that are long. */
function holds(text: string, value: string): boolean {
  const parts = value.includes('\n') ? [value, ...value.split('\n').filter(({ length }) => length >= LINE)] : [value];
  return (
    [text, unescaped(text)].some(
      (form) => form.includes(value) || parts.some((part) => !part.includes('\n') && growingMask([part])(form) !== form),
    ) ||
    (value.includes('\n') && bare(value).length >= LINE && bare(unescaped(text)).includes(bare(value)))
  );
}

/** A text as YAML, JSON and TOML have it after their escapes. */
function unescaped(text: string): string {
  const letters: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f' };
  return text.replaceAll(
    /\\(?:u([0-9a-f]{4})|U([0-9a-f]{8})|x([0-9a-f]{2})|(.))/gi,
    (whole, four?: string, eight?: string, two?: string, one = '') => {
      const code = Number.parseInt(four ?? eight ?? two ?? '', 16);
      if (Number.isNaN(code)) return letters[one] ?? one;
      return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
    },
  );
}

/** Lines that are indented, or joined, are the same lines. */
function bare(text: string): string {
  return text.replaceAll(/\s+/g, '');
}
