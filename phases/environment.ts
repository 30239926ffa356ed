import type { ScopedComponent } from '../config/index.ts';
import type { JsonObject } from '../engine/index.ts';

/** The environment that a component is given by its release, as texts: without what is read when its nodes run. */
export function environmentOf({ sections, secrets = {} }: Pick<ScopedComponent, 'sections' | 'secrets'>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries((sections.env ?? {}) as JsonObject).flatMap(([name, value]) =>
      value === null || Object.hasOwn(secrets, name) ? [] : [[name, typeof value === 'string' ? value : JSON.stringify(value)]],
    ),
  );
}
