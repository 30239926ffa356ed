import { TemplateError } from './errors.ts';
import type { Value } from './values.ts';

interface Variable {
  readonly name: string;
  value: Value;
}

/** The variables of a template that is running: a later one of a name hides an earlier one, and a block forgets its own when it ends. */
export class Variables {
  readonly #all: Variable[];

  /** `$` is the data that the template was given. */
  constructor(data: Value) {
    this.#all = [{ name: '$', value: data }];
  }

  /** How many there are: `forget` goes back to it. */
  get count(): number {
    return this.#all.length;
  }

  forget(count: number): void {
    this.#all.length = count;
  }

  declare(name: string, value: Value): void {
    this.#all.push({ name, value });
  }

  /** @throws TemplateError for one that was not declared */
  assign(name: string, value: Value, at: number): void {
    this.#find(name, at).value = value;
  }

  /** @throws TemplateError for one that was not declared */
  read(name: string, at: number): Value {
    return this.#find(name, at).value;
  }

  #find(name: string, at: number): Variable {
    const found = this.#all.findLast((variable) => variable.name === name);
    if (found === undefined) throw new TemplateError(`undefined variable "${name}"`, at);
    return found;
  }
}
