import type { ComponentAddress, Json } from '../../engine/index.ts';
import { isCalled, parseAddress } from '../../engine/index.ts';
import { Fields, type Functions, Namespace, Opaque, type Value } from '../../gotemplate/index.ts';
import { locate, type Place } from '../../yaml/index.ts';
import { isDeferred } from '../deferred/deferred.ts';
import { readName } from '../deferred/read-need.ts';
import type { ComponentResolver } from '../evaluation/component-resolver.ts';
import type { Places } from '../evaluation/places.ts';
import type { Reads } from '../evaluation/reads.ts';
import { suggestion } from '../model/nearest.ts';
import type { ScopedComponent } from '../model/scope.ts';
import { templateData } from '../templates/template-data.ts';

/** What the functions of `atmos` are made of. */
export interface AtmosSources {
  readonly stack: string;
  readonly places: Places;
  /** Components that are somebody else's. */
  readonly reads: Reads;
  /** Where the component is named. */
  readonly at: Place;
  readonly sources: Functions;
  /** What a text gives that may be a YAML function. */
  readonly call: (text: string) => Json;
}

/**
 * `atmos.Component "name" "stack"`: the sections of another component of the target. Its outputs are not among them: they are read where they are
 * needed, by `outputs`. `atmos.GomplateDatasource "name"` is what `datasource` of `sources` gives, and `atmos.Resolve "!env NAME"` what a YAML function
 * does; any other text is itself.
 */
export function atmosFunctions(siblings: ComponentResolver, { stack, places, reads, at, sources, call }: AtmosSources): Functions {
  const namespace = new Namespace('atmos', {
    Component: (name, ofStack) => {
      const address = siblings.addresses.find((one) => isCalled(one, name));
      const asked = ofStack === undefined ? undefined : String(ofStack);
      if (address !== undefined && places.isMeant(address, asked, stack))
        return sectionsOf(siblings.resolve(address), { stack: places.stackOf(address) ?? stack, outputs: new Outputs(address), at });
      const read = reads.find(String(name), asked, stack);
      if (read !== undefined) return sectionsOf(read.resolve(), { stack: read.stack, outputs: new Outputs(`read/${readName(read)}`), at });
      const hint = reads.hint(String(name), asked, stack);
      if (asked !== undefined && asked !== stack) {
        const there = address === undefined ? undefined : places.stackOf(address);
        throw new Error(
          `stack "${asked}" is not the stack of this target (${there ?? stack}), but components can only read outputs within their own target; ${hint}`,
        );
      }
      throw new Error(
        `there is no component "${String(name)}" in this deployment; ${
          suggestion(
            String(name),
            siblings.addresses.map((one) => parseAddress(one).name),
            'components',
          ) ?? ''
        }; ${hint}`,
      );
    },
    Resolve: (text) => {
      const value = typeof text === 'string' ? call(text) : text;
      if (!isDeferred(value)) return typeof value === 'object' && value !== null ? asValue(value as Json, at) : (value as Value);
      throw new Error(`${String(text)} is known only after something is applied`);
    },
    Store: () => {
      throw new Error('it takes a store that can be read, a stack, a component and a key, all known in advance');
    },
    GomplateDatasource: (...args) => sources.datasource?.(...args),
  });
  return { atmos: () => namespace };
}

function sectionsOf(
  { name, sections, secrets = {} }: ScopedComponent,
  { stack, outputs, at }: { readonly stack: string; readonly outputs: Outputs; readonly at: Place },
): Value {
  const known = Object.fromEntries(Object.entries(sections).map(([key, value]) => [key, asValue(value, at)]));
  return { ...known, ...secretsIn(known, Object.keys(secrets)), atmos_component: name, atmos_stack: stack, stack, outputs };
}

function asValue(value: Json, at: Place): Value {
  if (isDeferred(value)) return new NotYet();
  if (Array.isArray(value)) return value.map((item: Json) => asValue(item, at));
  const located = locate(value, at);
  if (located.kind !== 'map') return templateData(located);
  return Object.fromEntries(Object.entries(value as Readonly<Record<string, Json>>).map(([key, member]) => [key, asValue(member, at)]));
}

/** Sections with what only nodes may know in its place: whoever reads it is told so. */
function secretsIn(sections: Readonly<Record<string, Value>>, names: readonly string[]): Readonly<Record<string, Value>> {
  const { vars, env } = sections as Readonly<Record<string, Readonly<Record<string, Value>> | undefined>>;
  const variables = names.flatMap((name) => (name.startsWith('TF_VAR_') ? [name.slice('TF_VAR_'.length)] : []));
  const hidden = (all: readonly string[]) => Object.fromEntries(all.map((name) => [name, new Secret()]));
  return { vars: { ...vars, ...hidden(variables) }, env: { ...env, ...hidden(names) } };
}

/** What another component gives out. */
class Outputs extends Fields {
  readonly #address: ComponentAddress;
  constructor(address: ComponentAddress) {
    super();
    this.#address = address;
  }
  field(name: string): Value {
    const path = this.#address.replace('/', '.');
    throw new Error(`outputs are read where they are needed: {{ outputs.${path}.${name} }}`);
  }
}

/** A value that is known only after something is applied. */
class NotYet extends Fields {
  field(): Value {
    throw new Error('this value is known only after another component is applied');
  }
}

/** A value that only nodes may know. */
class Secret extends Opaque {
  readonly type = 'secret';
  print(): string {
    throw new Error('this value is secret: only the nodes of its own component read it');
  }
  member(): undefined {
    return undefined;
  }
}
