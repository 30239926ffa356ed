import { type ComponentAddress, isObject } from '../../engine/index.ts';
import type { Value } from '../../gotemplate/index.ts';

interface Place {
  readonly stack: string;
  readonly vars: Readonly<Record<string, Value>>;
}

/** What an entry may say of a stack, as `vars` do. */
const CONTEXT = ['namespace', 'tenant', 'environment', 'stage'];

/** Which stack each component of a deployment is in. Known once all of them are merged. */
export class Places {
  readonly #hasSeveral: boolean;
  readonly #places = new Map<ComponentAddress, Place>();

  /** Whether the deployment declares more than one stack with a name. */
  constructor(hasSeveral: boolean) {
    this.#hasSeveral = hasSeveral;
  }

  put(address: ComponentAddress, stack: string, vars: Value | undefined): void {
    this.#places.set(address, { stack, vars: isObject(vars) ? (vars as Place['vars']) : {} });
  }

  stackOf(address: ComponentAddress): string | undefined {
    return this.#places.get(address)?.stack;
  }

  /** Whether a component is the one that another of stack `own` means, which names a stack or, as Atmos has it, means its own. */
  isMeant(address: ComponentAddress, asked: string | undefined, own: string): boolean {
    const stack = this.stackOf(address);
    if (this.#hasSeveral) return stack === (asked ?? own);
    return asked === undefined || asked === own || asked === stack;
  }

  /** The same of one that is named by the parts of its stack's name, or not at all. */
  isMeantBy(address: ComponentAddress, context: Readonly<Record<string, unknown>>, own: Place): boolean {
    const { stack: asked } = context;
    const isSaid = CONTEXT.some((key) => context[key] !== undefined && context[key] !== null);
    const vars = this.#hasSeveral ? (this.#places.get(address)?.vars ?? {}) : own.vars;
    if (isSaid && !CONTEXT.every((key) => context[key] === undefined || context[key] === null || context[key] === vars[key])) return false;
    if (typeof asked === 'string' && asked !== '') return this.isMeant(address, asked, own.stack);
    return isSaid || this.isMeant(address, undefined, own.stack);
  }
}
