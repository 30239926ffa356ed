import { type AtmosError, isObject } from '../../engine/index.ts';
import { type Entry, errorAt, type Located, type LocatedMap, mapOf, member, plain, positionOf } from '../../yaml/index.ts';
import { type KindPackage, OTHER_NEEDS } from '../model/kinds.ts';
import { suggestion } from '../model/nearest.ts';
import type { RemoteSettings } from './remote.ts';
import { type SettingsEnv, settingIn } from './settings-env.ts';
import { isReadable, type StoreSettings, storeIn } from './stores.ts';

/** Reads single values of `atmos.yaml`, each of the type that it must have. */
export class Settings {
  readonly #document: Located | undefined;
  readonly #env: SettingsEnv;
  readonly #repository: string;

  /** `repository` is where the Git repository's root lies, from the file on. */
  constructor(document: Located | undefined, env: SettingsEnv = {}, repository = '.') {
    this.#document = document;
    this.#env = env;
    this.#repository = repository;
  }

  /** What stands at a path; `undefined` for nothing, null and the empty text alike. */
  #at(keys: readonly string[]): Located | undefined {
    const found = keys.reduce<Located | undefined>(member, this.#document);
    return found?.kind === 'scalar' && found.tag === undefined && (found.value === null || found.value === '') ? undefined : found;
  }

  #read<T>(keys: readonly string[], expected: string, accept: (value: unknown) => value is T): T | undefined {
    const found = this.#at(keys);
    if (found === undefined) return undefined;
    // What stands behind it is for where there is none.
    const isRoot = found.tag === '!repo-root' || found.tag === '!git.root';
    if (!isRoot) refuseFunctions(found);
    const value: unknown = isRoot ? this.#repository : plain(found);
    if (accept(value)) return value;
    throw errorAt(found.at, `"${keys.join('.')}" must be ${expected}`, { code: 'wrong-type' });
  }

  text(...keys: readonly string[]): string | undefined {
    return settingIn(this.#env, keys) ?? this.#read(keys, 'a string', (value) => typeof value === 'string');
  }

  flag(...keys: readonly string[]): boolean | undefined {
    return this.#read(keys, 'true or false', (value) => typeof value === 'boolean');
  }

  count(...keys: readonly string[]): number | undefined {
    return this.#read(keys, 'a positive integer', (value): value is number => Number.isInteger(value) && Number(value) >= 1);
  }

  /** Whole numbers from 1 on, by name. */
  counts(...keys: readonly string[]): ReadonlyMap<string, number> {
    const isCounts = (value: unknown): value is Readonly<Record<string, number>> =>
      isObject(value) && Object.values(value).every((item) => Number.isInteger(item) && Number(item) >= 1);
    return new Map(Object.entries(this.#read(keys, 'a map of positive integers', isCounts) ?? {}));
  }

  delimiters(...keys: readonly string[]): readonly string[] | undefined {
    return this.#read(keys, 'a list of two strings', (value): value is readonly string[] => {
      return Array.isArray(value) && value.length === 2 && value.every((item) => typeof item === 'string' && item !== '');
    });
  }

  texts(...keys: readonly string[]): Readonly<Record<string, string>> {
    const isTexts = (value: unknown): value is Readonly<Record<string, string>> =>
      isObject(value) && Object.values(value).every((item) => typeof item === 'string' && item !== '');
    return this.#read(keys, 'a map of strings', isTexts) ?? {};
  }

  /** `name: { url: … }`. */
  urls(...keys: readonly string[]): Readonly<Record<string, string>> {
    const isSources = (value: unknown): value is Readonly<Record<string, { readonly url: string }>> =>
      isObject(value) && Object.values(value).every((item) => isObject(item) && typeof item.url === 'string');
    const sources = this.#read(keys, 'a map of names to { url: … }', isSources) ?? {};
    return Object.fromEntries(Object.entries(sources).map(([name, { url }]) => [name, url]));
  }

  remote(): RemoteSettings | undefined {
    const own = ['deployments', 'engine', 'cache'] as const;
    const url = this.text(...own, 'remote');
    const mode = this.choice(['read-write', 'read-only'], ...own, 'mode') ?? 'read-write';
    return url === undefined ? undefined : { url, mode, signingKey: this.text(...own, 'signing_key') };
  }

  stores(): Readonly<Record<string, StoreSettings>> {
    const stores = [...(mapOf(this.#at(['stores']), '"stores"')?.entries ?? [])].map(([name, { value }]) => {
      const written = plain(value);
      const store = isObject(written) ? storeIn(written) : undefined;
      if (store === undefined) {
        throw errorAt(value.at, `the store "${name}" must be a map { type, options: { url, prefix, stack_delimiter } }`, {
          code: 'wrong-type',
        });
      }
      if (isReadable(store.type)) refuseFunctions(value);
      return [name, store] as const;
    });
    return Object.fromEntries(stores);
  }

  /**
   * `deployments.kinds`: npm packages that have kinds of components, none of which comes with the program.
   * @throws AtmosError `wrong-value`, `exec-denied`
   */
  kinds(builtIn: readonly string[]): readonly KindPackage[] {
    const path = ['deployments', 'kinds'] as const;
    const entries = mapOf(this.#at(path), '"deployments.kinds"')?.entries ?? [];
    return Object.entries(this.texts(...path)).map(([kind, name]) => {
      const at = new Map(entries).get(kind)?.keyAt;
      const position = at === undefined ? {} : { position: positionOf(at) };
      const refuse = (text: string, hint: string): AtmosError => errorAt(at, text, { code: 'wrong-value', hint });
      if (builtIn.includes(kind) || Object.values<string>(OTHER_NEEDS).includes(kind) || kind in {})
        throw refuse(`"${kind}" is built in`, 'give the kind of the package another name');
      if (!/^[a-z][a-z0-9-]*$/.test(kind)) throw refuse(`invalid kind "${kind}"`, 'use lower-case letters, digits and hyphens');
      if (!/^(@[a-z0-9~-][\w.~-]*\/)?[a-z0-9~-][\w.~-]*$/.test(name))
        throw refuse(`invalid package name "${name}"`, 'name a package of node_modules: "@acme/atmos-kind-cdk"');
      if (this.text('deployments', 'functions', 'exec') === 'deny')
        throw errorAt(at, `the kind "${kind}" is code that runs on this machine, which deployments.functions.exec denies`, {
          code: 'exec-denied',
          hint: 'remove it, or set exec: allow',
        });
      return { kind, package: name, ...position };
    });
  }

  /** What lies under all that stacks say: `env`, and `integrations.github` as a setting. */
  defaults(): LocatedMap | undefined {
    const env = mapOf(this.#at(['env']), '"env"');
    const github = mapOf(this.#at(['integrations', 'github']), '"integrations.github"');
    const sections: [string, Entry][] = [];
    if (env !== undefined) sections.push(['env', { keyAt: env.at, value: { ...env, entries: new Map([...env.entries].map(asText)) } }]);
    if (github !== undefined) sections.push(['settings', nested(github, 'integrations', 'github')]);
    return sections[0] === undefined ? undefined : { kind: 'map', entries: new Map(sections), at: sections[0][1].keyAt };
  }

  choice<T extends string>(choices: readonly T[], ...keys: readonly string[]): T | undefined {
    const value = this.text(...keys);
    const chosen = choices.find((choice) => choice === value);
    if (value === undefined || chosen !== undefined) return chosen;
    throw errorAt(this.#at(keys)?.at, `"${keys.join('.')}" can't be "${value}"`, {
      code: 'wrong-value',
      hint: suggestion(value, choices, 'values'),
    });
  }
}

/** @throws AtmosError `unsupported-function` where a value, or one within it, has a YAML function's tag */
function refuseFunctions(value: Located): void {
  if (value.tag !== undefined) {
    throw errorAt(value.at, `${value.tag} is not supported in atmos.yaml`, { code: 'unsupported-function', hint: 'use a literal value' });
  }
  if (value.kind === 'list') value.items.forEach(refuseFunctions);
  if (value.kind === 'map') for (const entry of value.entries.values()) refuseFunctions(entry.value);
}

/** An environment variable, which is a text. */
function asText([name, entry]: readonly [string, Entry]): readonly [string, Entry] {
  const { value } = entry;
  if (value.kind !== 'scalar') throw errorAt(value.at, `the environment variable ${name} must be a string`, { code: 'wrong-type' });
  return [name, { ...entry, value: { ...value, value: value.value === null ? '' : String(plain(value)) } }];
}

/** A map within maps, by their keys from the outside. */
function nested(map: LocatedMap, ...keys: readonly string[]): Entry {
  return keys.reduceRight<Entry>(
    (inner, key) => ({ keyAt: map.at, value: { kind: 'map', entries: new Map([[key, inner]]), at: map.at } }),
    {
      keyAt: map.at,
      value: map,
    },
  );
}
