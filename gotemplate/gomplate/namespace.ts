import type { Functions } from '../language/call.ts';
import { type Method, Opaque, type Value } from '../language/values.ts';

/** Functions below a name: `strings.Indent`. */
export class Namespace extends Opaque {
  readonly type: string;
  readonly #members: Readonly<Record<string, Value | Method>>;

  constructor(name: string, members: Functions | Readonly<Record<string, Value | Method>>) {
    super();
    this.type = `*funcs.${name}`;
    this.#members = members;
  }

  print(): string {
    return this.type;
  }

  override names(): readonly string[] {
    return Object.keys(this.#members);
  }

  member(name: string): Value | Method {
    return Object.hasOwn(this.#members, name) ? this.#members[name] : undefined;
  }
}
