import { type AtmosError, type ComponentAddress, isObject, type Json, type JsonObject } from '../../engine/index.ts';
import { errorAt, itemsOf, type Located, member, type Place, textOf } from '../../yaml/index.ts';
import { isDeferred } from '../deferred/deferred.ts';
import { readName, readNeed } from '../deferred/read-need.ts';
import { nearest, suggestion } from '../model/nearest.ts';
import type { ReadSettings, ScopedComponent } from '../model/scope.ts';

/** A component deployed elsewhere, and whose outputs are read: an entry of `reads` of a deployment or target. */
export interface DeclaredRead {
  readonly name: string;
  /** The file of its stack, as `stacks` names it; `undefined` for one of the deployment's own stacks. */
  readonly stack: string | undefined;
  readonly at: Place;
}

/** What `reads` of some sections names. @throws AtmosError `wrong-type` */
export function declaredReads(sections: readonly (Located | undefined)[]): readonly DeclaredRead[] {
  return sections.flatMap((section) =>
    itemsOf(member(section, 'reads'), '"reads"').map((item) => {
      const isText = item.kind === 'scalar';
      const written = isText ? textOf(item, 'an entry of "reads"') : textOf(member(item, 'component'), '"component"');
      const name = (written ?? '').replace(/^terraform\//, '');
      return { name, stack: isText ? undefined : textOf(member(item, 'stack'), '"stack"'), at: item.at };
    }),
  );
}

/** Such a component, as it was found in its stack. */
export interface Read {
  readonly name: string;
  /** Its stack's name. */
  readonly stack: string;
  /** Whether its outputs are written down (`remote_state_backend_type: static`). */
  readonly isStatic: boolean;
  /** What opens its state. @throws AtmosError where it can't be read */
  settings(): ReadSettings;
  /** All of its sections. */
  resolve(): ScopedComponent;
}

/** The components that are somebody else's, by their stacks and names. Known once all are merged. */
export class Reads {
  readonly #reads = new Map<ComponentAddress, Read>();

  put(read: Read): void {
    this.#reads.set(readNeed(readName(read), '').component, read);
  }

  get addresses(): readonly ComponentAddress[] {
    return [...this.#reads.keys()];
  }

  get(address: ComponentAddress): Read | undefined {
    return this.#reads.get(address);
  }

  /** The one that is meant by a name, and perhaps a stack: else by that of who asks. */
  find(name: string, stack: string | undefined, own: string): Read | undefined {
    const all = [...this.#reads.values()].filter((read) => read.name === name.replace(/^terraform\//, ''));
    return all.find((read) => read.stack === (stack ?? own));
  }

  /** What to write where one is asked for that is not there. */
  hint(name: string, stack: string | undefined, own: string): string {
    const there = [...this.#reads.values()].filter((read) => read.name === name).map((read) => read.stack);
    if (there.length > 0) return suggestion(stack ?? own, there, `stacks with ${name} under "reads"`) ?? '';
    const entry = stack === undefined || stack === own ? name : `{ component: ${name}, stack: <the file of stack ${stack}> }`;
    const other = nearest(
      name,
      [...this.#reads.values()].map((read) => read.name),
    );
    const meant = other === undefined ? '' : ` (or did you mean "${other}"?)`;
    return `if Atmos or another deployment manages it, add it to the deployment file: reads: [${entry}]${meant}`;
  }
}

/** What a node needs to read the outputs of such a component. @throws AtmosError `not-supported`, `missing-backend` */
export function readSettings(address: string, at: Place, sections: Readonly<Record<string, Json | undefined>>): ReadSettings {
  const { command = 'terraform', workspace = 'default', backend_type: type, backend = {}, env = {} } = sections;
  const refuse = (code: string, text: string, hint: string): AtmosError => errorAt(at, `${address}: ${text}`, { code, hint });
  if (typeof command !== 'string' || !COMMANDS.includes(command))
    throw refuse('not-supported', `its command can't be ${JSON.stringify(command)}`, 'it is "terraform" or "tofu"');
  if (typeof type !== 'string' || type === 'local') {
    throw refuse(
      'not-supported',
      type === 'local' ? 'its state is on a local disk' : 'it has no backend; its state is local',
      'use a remote backend, or static outputs: remote_state_backend_type: static',
    );
  }
  if (holdsDeferred(backend) || holdsDeferred(env))
    throw refuse('not-supported', 'its backend or env reads outputs itself', 'write them out');
  const texts = Object.entries(isObject(env) ? env : {}).flatMap(([name, value]): [string, string][] =>
    value === null ? [] : [[name, typeof value === 'string' ? value : JSON.stringify(value)]],
  );
  return {
    command,
    workspace: String(workspace),
    backend_type: type,
    backend: (isObject(backend) ? backend : {}) as JsonObject,
    env: Object.fromEntries(texts),
  };
}

/** The programs that read outputs from a state. */
const COMMANDS: readonly string[] = ['terraform', 'tofu'];

function holdsDeferred(value: unknown): boolean {
  if (isDeferred(value)) return true;
  return (Array.isArray(value) || isObject(value)) && Object.values(value).some(holdsDeferred);
}
