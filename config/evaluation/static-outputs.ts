import { AtmosError, type ComponentAddress, type Json, type JsonObject } from '../../engine/index.ts';
import { errorAt, mapOf, member, type Place, plain } from '../../yaml/index.ts';
import { isDeferred, resolveDeferred } from '../deferred/deferred.ts';
import { suggestion } from '../model/nearest.ts';
import type { Need, ScopedComponent } from '../model/scope.ts';
import type { Manifest } from '../stacks/manifest.ts';

/** Outputs that are written down, by the component that they would be of. */
export type StaticOutputs = ReadonlyMap<ComponentAddress, () => JsonObject>;

/** A component that says what others read of it. */
interface Static {
  readonly name: string;
  readonly at: Place;
  readonly manifest: Manifest;
}

/**
 * Components of stacks that say what others read of them, because Terraform does not make it: those with `remote_state_backend_type: static`. One that
 * several stacks have is none, since nothing says which is meant.
 */
export function staticsIn(manifests: readonly Manifest[]): ReadonlyMap<ComponentAddress, Static> {
  const found = manifests.flatMap((manifest) => {
    const all = mapOf(member(member(manifest.root, 'components'), 'terraform'), '"terraform"');
    return [...(all?.entries ?? [])]
      .filter(([, { value }]) => plain(member(value, 'remote_state_backend_type')) === 'static')
      .map(([name, { keyAt }]) => ({ name, at: keyAt, manifest }));
  });
  const single = found.filter(({ name }) => found.filter((other) => other.name === name).length === 1);
  return new Map(single.map((one) => [`terraform/${one.name}`, one]));
}

/** What is written down in such a component. */
export function staticOutputsOf({ sections }: ScopedComponent): JsonObject {
  return (sections.remote_state_backend ?? {}) as JsonObject;
}

/**
 * What a template gives that reads of such components alone.
 * @throws AtmosError `no-such-output`
 */
export function settleStatic(template: string, needs: readonly Need[], outputs: StaticOutputs, at: Place): Json {
  const read = new Map(needs.map(({ component }) => [component, outputsOf(component, outputs, at)]));
  const value = resolveDeferred({ $deferred: { template, needs: [...needs] } } as unknown as Json, Object.fromEntries(read));
  if (!isDeferred(value)) return value;
  const missing = needs.find(({ component, field, optional }) => optional !== true && !Object.hasOwn(read.get(component) ?? {}, field));
  throw missingOutput(missing, read, at);
}

function outputsOf(component: ComponentAddress, outputs: StaticOutputs, at: Place): JsonObject {
  try {
    return outputs.get(component)?.() ?? {};
  } catch (cause) {
    if (cause instanceof AtmosError || !(cause instanceof Error)) throw cause;
    // Components that read one another.
    throw errorAt(at, cause.message, { code: 'template', cause });
  }
}

function missingOutput(missing: Need | undefined, read: ReadonlyMap<string, JsonObject>, at: Place): AtmosError {
  const { component = '', field = '' } = missing ?? {};
  return errorAt(at, `reads output "${field}" of ${component}, which "remote_state_backend.static" does not have`, {
    code: 'no-such-output',
    hint: suggestion(field, Object.keys(read.get(component) ?? {}), 'outputs'),
  });
}
