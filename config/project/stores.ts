import { isObject } from '../../engine/index.ts';
import { OTHER_NEEDS } from '../model/kinds.ts';
import type { Need } from '../model/scope.ts';

/** A store of `atmos.yaml`: where `!store` and `!store.get` read. */
export interface StoreSettings {
  /** `redis`; Atmos has more. */
  readonly type: string;
  /** Where it is; `undefined` leaves it to the environment. */
  readonly url: string | undefined;
  readonly prefix: string;
  /** What separates the parts of a stack's name. */
  readonly stackDelimiter: string;
  /** Atmos gives out what is in it as secrets only. */
  readonly isSecret: boolean;
  /** Whether `secret: false` says that what is in it may be shown: all else that is read of stores is masked. */
  readonly isPublic: boolean;
}

/** The types of stores that can be read. */
export const STORE_TYPES = ['redis'] as const;

/** Needs of stores have this before the store's name, where those of components have their kind. */
const STORE = `${OTHER_NEEDS.store}/`;

export function storeNeed(store: string, key: string): Need {
  return { component: `${STORE}${store}`, field: key };
}

/** The name of the store that a need is of; `undefined` for one of a component. */
export function storeOf(need: Pick<Need, 'component'>): string | undefined {
  return need.component.startsWith(STORE) ? need.component.slice(STORE.length) : undefined;
}

/** The key that Atmos keeps a component's value under. */
export function componentKey({ prefix, stackDelimiter }: StoreSettings, stack: string, component: string, key: string): string {
  const parts = [prefix, ...stack.split(stackDelimiter), ...component.split('/'), key];
  return parts.join('/').replaceAll('//', '/');
}

/** The key that Atmos reads for one that is named as it is. */
export function plainKey({ prefix }: StoreSettings, key: string): string {
  return prefix === '' ? key : `${prefix}:${key}`;
}

/** What one of `stores` of `atmos.yaml` says; `undefined` where it is not of that form. Of a type that can't be read only the type counts. */
export function storeIn({ kind, type = kind, options = {}, secret }: { readonly [key: string]: unknown }): StoreSettings | undefined {
  const named = kind ?? type;
  if (typeof named !== 'string') return undefined;
  const [isSecret, isPublic] = [secret === true, secret === false];
  if (!isReadable(named)) return { type: named, url: undefined, prefix: '', stackDelimiter: '/', isSecret, isPublic };
  if (!isObject(options)) return undefined;
  const { url, prefix = '', stack_delimiter: stackDelimiter = '/' } = options;
  if ((url !== undefined && typeof url !== 'string') || typeof prefix !== 'string' || typeof stackDelimiter !== 'string') return undefined;
  return { type: named, url, prefix, stackDelimiter, isSecret, isPublic };
}

/** Whether stores of a type can be read. */
export function isReadable(type: string): boolean {
  return (STORE_TYPES as readonly string[]).includes(type);
}
