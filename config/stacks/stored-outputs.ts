import type { ComponentAddress, Hook } from '../scope.ts';

/** An output that a component's hook puts into a store. */
export interface StoredOutput {
  readonly component: ComponentAddress;
  readonly output: string;
}

/**
 * What components of a target put into stores after their applies: whoever reads it there reads what they will have put there, and waits for them. Known once
 * all of them are merged.
 */
export class StoredOutputs {
  readonly #outputs = new Map<string, StoredOutput>();

  put(component: ComponentAddress, hooks: readonly Hook[]): void {
    for (const { store, values } of hooks) {
      for (const [key, value] of Object.entries(values)) {
        if ('output' in value) this.#outputs.set(`${store}\0${key}`, { component, output: value.output });
      }
    }
  }

  /** The output behind a key of a store; `undefined` where `reader` puts it there itself, or nobody of the target. */
  find(store: string, key: string, reader: ComponentAddress): StoredOutput | undefined {
    const found = this.#outputs.get(`${store}\0${key}`);
    return found?.component === reader ? undefined : found;
  }
}

/** The template of a value of a store, or of the output that a component puts there. */
export function storedTemplate(
  stored: StoredOutput | undefined,
  {
    store,
    key,
    query,
    fallback,
  }: { readonly store: string; readonly key: string; readonly query: string; readonly fallback?: string | undefined },
): string {
  const [called, ...words] = stored === undefined ? ['store', store, key] : ['stored', stored.component, stored.output];
  return [called, ...[...words, query, ...(fallback === undefined ? [] : [fallback])].map((word) => JSON.stringify(word))].join(' ');
}
