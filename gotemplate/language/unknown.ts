import { TemplateError } from './errors.ts';
import { Fields, print, UNKNOWN, Unknown, type Value } from './values.ts';

/** What a call gives that something unknown is given to; `undefined` for one that can be made. Only `index` takes what resolves its own fields. */
export function unknownResult(name: string, values: readonly Value[], at: number): Value {
  const resolver = values.findIndex((value) => value instanceof Fields && !(value instanceof Unknown));
  const unknown = values.some((value) => value instanceof Unknown);
  if (resolver > 0 || (resolver === 0 && name !== 'index')) {
    throw new TemplateError(`${name} needs a value: name the component and the field`, at);
  }
  if (resolver === 0 && unknown) throw new TemplateError('the name of a component or field must be known in advance', at);
  return unknown ? UNKNOWN : undefined;
}

/** A value that an action may print. @throws TemplateError for a path that stops short of a value. */
function printable(value: Value, at: number): Value {
  if (value instanceof Fields && !(value instanceof Unknown)) throw new TemplateError('name the component and the field', at);
  return value;
}

/** How an action prints a value. Some values say why they have no text. */
export function printed(value: Value, at: number): string {
  try {
    return print(printable(value, at));
  } catch (cause) {
    if (cause instanceof TemplateError || !(cause instanceof Error)) throw cause;
    throw new TemplateError(cause.message, at, { cause });
  }
}
