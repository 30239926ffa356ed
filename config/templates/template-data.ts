import type { Value } from '../../gotemplate/index.ts';
import type { Located } from '../../yaml/index.ts';

/** The value as templates see it. */
export function templateData(value: Located | undefined): Value {
  if (value === undefined) return null;
  switch (value.kind) {
    case 'scalar':
      return value.tag === undefined || value.value === null ? value.value : `${value.tag} ${value.value}`;
    case 'list':
      return value.items.map(templateData);
    case 'map':
      return Object.fromEntries([...value.entries].map(([key, entry]) => [key, templateData(entry.value)]));
    case 'layers':
      return templateData(value.layers.at(-1));
    default:
      return value satisfies never;
  }
}

/** What templates see as a map, with each member made when it is first read: most of what a component has, its templates never look at. */
export function lazily(members: Iterable<readonly [name: string, make: () => Value]>): Readonly<Record<string, Value>> {
  const result = {};
  for (const [name, make] of members) {
    const define = (rest: PropertyDescriptor): object =>
      Object.defineProperty(result, name, { enumerable: true, configurable: true, ...rest });
    define({
      get() {
        const value = make();
        define({ value });
        return value;
      },
    });
  }
  return result;
}
