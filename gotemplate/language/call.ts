import type { Value } from './values.ts';

export type Functions = Readonly<Record<string, TemplateFunction>>;

/** A function that templates call. It throws an Error to fail; the message becomes the template's. */
export type TemplateFunction = (...args: Value[]) => Value;
