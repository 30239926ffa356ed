import { TemplateError } from './errors.ts';
import { Fields, isDict, typeOf, type Value } from './values.ts';

/** A field of a value, as Go's option `missingkey` has it. @throws TemplateError */
export function fieldOf(value: Value, name: string, at: number, missingKey: 'default' | 'error'): Value {
  if (value instanceof Fields) {
    try {
      return value.field(name);
    } catch (cause) {
      if (cause instanceof TemplateError || !(cause instanceof Error)) throw cause;
      throw new TemplateError(cause.message, at, { cause });
    }
  }
  // A key that was missing has no fields either; something that is nil has an error.
  if (value === undefined && missingKey === 'default') return undefined;
  if (value === undefined || value === null) throw new TemplateError(`nil pointer evaluating interface {}.${name}`, at);
  if (!isDict(value)) throw new TemplateError(`can't evaluate field ${name} in type ${typeOf(value)}`, at);
  if (Object.hasOwn(value, name)) return value[name];
  if (missingKey === 'error') throw new TemplateError(`map has no entry for key "${name}"`, at);
  return undefined;
}
