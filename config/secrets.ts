import type { SecretSource } from './scope.ts';
import { type LocatedMap, mapOf, member, plain } from './yaml/located.ts';

/** What a target declares under `secrets`: by the variable that nodes get, where its value comes from. */
export function secretsOf(target: LocatedMap | undefined): Readonly<Record<string, SecretSource>> {
  return (plain(member(target, 'secrets')) ?? {}) as unknown as Readonly<Record<string, SecretSource>>;
}

type Env = Readonly<Record<string, string | undefined>>;

/** The environment as configuration may read it: what any target of the deployment calls a secret is not for a release to hold. */
export interface GuardedEnv {
  readonly env: Env;
  /** Refuses a text that holds the value of a secret. @throws Error that names it */
  check(text: string): string;
}

/** Shorter values are in many texts by chance. */
const SHORTEST = 8;

export function guardedEnv(root: LocatedMap, env: Env): GuardedEnv {
  const owners = new Map<string, { readonly target: string; readonly name: string }>();
  for (const [target, { value }] of mapOf(member(root, 'targets'), '"targets"')?.entries ?? []) {
    for (const [name, source] of Object.entries(secretsOf(mapOf(value, `target "${target}"`)))) owners.set(source.env, { target, name });
  }
  if (owners.size === 0) return { env, check: (text) => text };
  const refuse = (variable: string, what: string): Error => {
    const { target = '', name = '' } = owners.get(variable) ?? {};
    const asVariable = name.startsWith('TF_VAR_')
      ? ''
      : ` under another name, as TF_VAR_<variable>: secrets: { TF_VAR_…: { env: ${variable} } }`;
    return new Error(
      `${what} ${variable}, a secret of target ${target} (${name}), would be in the release. Leave the value out here, and let nodes read it${asVariable}`,
    );
  };
  return {
    env: new Proxy(env, {
      get(own, variable: string) {
        if (owners.has(variable)) throw refuse(variable, 'the value of');
        return own[variable];
      },
    }),
    check(text) {
      for (const variable of owners.keys()) {
        const value = env[variable] ?? '';
        if (value.length >= SHORTEST && text.includes(value)) throw refuse(variable, 'it gives the value of');
      }
      return text;
    },
  };
}
