import { isObject } from '../../engine/index.ts';

/** What keys mean: by `<parent>.<key>`, else by the key alone. */
export type Meanings = Readonly<Record<string, string>>;

/** A JSON Schema in which each property says what it is: by itself, or by its name. @throws TypeError for one that there is no description of */
export function described<T>(schema: T, meanings: Meanings): T {
  const visit = (part: unknown, parent: string): unknown => {
    if (Array.isArray(part)) return part.map((one: unknown) => visit(one, parent));
    if (!isObject(part)) return part;
    return Object.fromEntries(
      Object.entries(part).map(([keyword, value]) => [
        keyword,
        keyword === 'properties' && isObject(value)
          ? Object.fromEntries(
              Object.entries(value).map(([key, below]) => [
                key,
                { description: meaningOf(parent, key, below), ...(visit(below, key) as object) },
              ]),
            )
          : // What is kept for references is called by its name there.
            keyword === '$defs' && isObject(value)
            ? Object.fromEntries(Object.entries(value).map(([name, below]) => [name, visit(below, name)]))
            : visit(value, parent),
      ]),
    );
  };
  const meaningOf = (parent: string, key: string, below: unknown): string => {
    const own = isObject(below) ? below.description : undefined;
    const found = typeof own === 'string' ? own : (meanings[`${parent}.${key}`] ?? meanings[key]);
    if (found === undefined) throw new TypeError(`there is no description of "${key}" of "${parent}"`);
    return found;
  };
  return visit(schema, '') as T;
}
