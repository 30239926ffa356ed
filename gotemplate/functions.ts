import { GOMPLATE } from './gomplate/index.ts';
import { BUILTINS } from './language/builtins.ts';
import type { Functions } from './language/call.ts';
import { CIPHERS } from './sprig/ciphers.ts';
import { COLLECTIONS } from './sprig/collections.ts';
import { ENCODING } from './sprig/encoding.ts';
import { NUMBERS } from './sprig/numbers.ts';
import { STRINGS } from './sprig/strings.ts';
import { WORLD } from './sprig/world.ts';

/** Functions over those of every template; nothing is copied. */
export function withFunctions(own: Functions, base: Functions = FUNCTIONS): Functions {
  return Object.assign(Object.create(base), own);
}

/** The functions of every template, as Atmos has them: Sprig's replace Gomplate's of the same name. A host's own are put over them. */
export const FUNCTIONS: Functions = { ...BUILTINS, ...GOMPLATE, ...STRINGS, ...NUMBERS, ...COLLECTIONS, ...ENCODING, ...CIPHERS, ...WORLD };
