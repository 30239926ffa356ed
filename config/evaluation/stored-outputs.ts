import type { ComponentAddress } from '../../engine/index.ts';
import type { Hook } from '../model/scope.ts';

/** What a component's hook puts into a store: an output, or a text. */
export type Stored = { readonly component: ComponentAddress } & ({ readonly output: string } | { readonly value: () => string });

/**
 * What components of a target put into stores after their applies: whoever reads it there reads what they will have put there, and waits for them. Known once
 * all of them are merged.
 */
export class StoredOutputs {
  readonly #stored = new Map<string, Stored>();

  /** Notes the hooks of a component as they are written; `evaluated` gives them with their templates rendered. */
  put(component: ComponentAddress, hooks: readonly Hook[], evaluated: () => readonly Hook[]): void {
    for (const { name, store, values } of hooks) {
      for (const [key, value] of Object.entries(values)) {
        const text = (): string => {
          const found = evaluated().find((hook) => hook.name === name)?.values[key] ?? value;
          return 'value' in found ? found.value : '';
        };
        this.#stored.set(`${store}\0${key}`, 'output' in value ? { component, output: value.output } : { component, value: text });
      }
    }
  }

  /** What comes behind a key of a store; `undefined` where `reader` puts it there itself, or nobody of the target. */
  find(store: string, key: string, reader: ComponentAddress): Stored | undefined {
    const found = this.#stored.get(`${store}\0${key}`);
    return found?.component === reader ? undefined : found;
  }
}

/** The command of a template for a value of a store, or for what a component puts there. */
export function storedCommand(
  stored: Stored | undefined,
  {
    store,
    key,
    query,
    fallback,
  }: { readonly store: string; readonly key: string; readonly query: string; readonly fallback?: string | undefined },
): string {
  if (stored !== undefined && 'value' in stored) return JSON.stringify(stored.value());
  const [called, ...words] = stored === undefined ? ['store', store, key] : ['stored', stored.component, stored.output];
  return [called, ...[...words, query, ...(fallback === undefined ? [] : [fallback])].map((word) => JSON.stringify(word))].join(' ');
}
