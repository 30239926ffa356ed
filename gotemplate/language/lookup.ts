import type { Functions, TemplateFunction } from './call.ts';

/** A function by its name, of functions that may lie over others (their prototypes). */
export function lookUp(functions: Functions, name: string): TemplateFunction | undefined {
  for (let at: Functions | null = functions; at !== null && at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    if (Object.hasOwn(at, name)) return at[name];
  }
  return undefined;
}
