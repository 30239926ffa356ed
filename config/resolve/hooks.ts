import { type AtmosError, isObject, type Json, type JsonObject } from '../../engine/index.ts';
import { errorAt, type Place } from '../../yaml/index.ts';
import { isDeferred } from '../deferred/deferred.ts';
import type { KindSpec } from '../model/kinds.ts';
import { misspelt, suggestion } from '../model/nearest.ts';
import type { Hook } from '../model/scope.ts';
import { componentKey, isReadable, STORE_TYPES, type StoreSettings } from '../project/stores.ts';

/** The event of a hook that runs here; `deploy` is `apply` by another name. */
const EVENTS = ['after.terraform.apply', 'after.terraform.deploy'];

export interface HookSections {
  readonly spec: KindSpec;
  readonly name: string;
  readonly stack: string;
  /** What `hooks` of the component says. */
  readonly hooks: Json | undefined;
  readonly stores: Readonly<Record<string, StoreSettings>>;
  readonly placeOf: (path: readonly string[]) => Place;
}

/**
 * Reads `hooks` of a component: those that put outputs into a store after each apply. Any other is an error at its line.
 * @see Atmos, `pkg/hooks/hook.go`, `store_cmd.go`
 */
export function hooksIn({ spec, name: component, stack, hooks, stores, placeOf }: HookSections): {
  readonly list: readonly Hook[];
  readonly errors: readonly AtmosError[];
} {
  const errors: AtmosError[] = [];
  if (!isObject(hooks)) return { list: [], errors };
  const list = Object.entries(hooks).flatMap(([name, hook]): readonly Hook[] => {
    if (hook === null) return [];
    const before = errors.length;
    const refuse = (code: 'not-supported' | 'wrong-hook', path: readonly string[], text: string, hint?: string): void => {
      errors.push(errorAt(placeOf(['hooks', name, ...path]), `${spec.name}/${component}: ${text}`, { code, hint }));
    };
    if (!isObject(hook)) {
      refuse('wrong-hook', [], `the hook "${name}" must be a map { events, kind, name, outputs }`);
      return [];
    }
    // Of before there were kinds.
    const { kind: ofKind = hook.command, events = [], when = 'success', name: store, outputs = {} } = hook;
    if (!spec.isModule || ofKind !== 'store') {
      const what = ofKind === undefined ? 'without a kind' : `of kind ${JSON.stringify(ofKind)}`;
      refuse(
        'not-supported',
        [],
        `hook "${name}": hooks ${what} are not supported`,
        misspeltKind(hook) ?? 'make it a node of the deployment (phases), or remove it',
      );
      return [];
    }
    const named = Array.isArray(events) ? events.map((event) => String(event).replaceAll('-', '.')) : [String(events)];
    for (const event of named.filter((one) => !EVENTS.includes(one)))
      refuse(
        'not-supported',
        ['events'],
        `the hook "${name}" has an unsupported event: ${event.replaceAll('.', '-')}`,
        'it may be: after-terraform-apply',
      );
    if (![when].flat().every((one) => one === 'success'))
      refuse('not-supported', ['when'], `the hook "${name}" can only run on success`, 'remove "when"');
    const settings = typeof store === 'string' && Object.hasOwn(stores, store) ? stores[store] : undefined;
    if (typeof store !== 'string' || settings === undefined)
      refuse(
        'wrong-hook',
        ['name'],
        `the hook "${name}" names no store of atmos.yaml`,
        suggestion(String(store ?? ''), Object.keys(stores), 'stores'),
      );
    else if (!isReadable(settings.type))
      refuse(
        'not-supported',
        ['name'],
        `the hook "${name}" writes to a store of type "${settings.type}"`,
        `types that can be written: ${STORE_TYPES.join(', ')}`,
      );
    if (!isObject(outputs)) refuse('wrong-hook', ['outputs'], `"outputs" of the hook "${name}" must be a map of keys to outputs`);
    else
      for (const [key, value] of Object.entries(outputs))
        if (typeof value !== 'string' || isDeferred(value))
          refuse(
            'wrong-hook',
            ['outputs', key],
            `"${key}" of the hook "${name}" must be a string: ".<output>", or what is stored as it is`,
          );
        else if (value.startsWith('.') && !/^\.[\w-]+$/.test(value))
          refuse(
            'not-supported',
            ['outputs', key],
            `"${key}" of the hook "${name}" is ${value}, and may be an output's name`,
            'make it an output of its own',
          );
    if (settings === undefined || typeof store !== 'string' || errors.length > before) return [];
    const values = Object.entries(outputs as JsonObject).map(([key, value]) => {
      const text = String(value);
      return [componentKey(settings, stack, component, key), text.startsWith('.') ? { output: text.slice(1) } : { value: text }] as const;
    });
    return values.length === 0 ? [] : [{ name, store, values: Object.fromEntries(values) }];
  });
  return { list, errors };
}

/** What to write in place of a key that was to say which kind a hook is of. */
function misspeltKind(hook: JsonObject): string | undefined {
  if (hook.kind !== undefined || hook.command !== undefined) return undefined;
  const meant = Object.keys(hook)
    .map((key) => misspelt(key, ['kind', 'command']))
    .find((one) => one !== undefined);
  return meant === undefined ? undefined : `did you mean "${meant}"?`;
}
