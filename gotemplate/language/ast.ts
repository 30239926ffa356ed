import type { GoNumber } from '../../yaml/index.ts';

/** The syntax tree of a template (Go text/template/parse). `at` and `end` are offsets in its text. */
export type TemplateNode =
  | { readonly kind: 'text'; readonly text: string; readonly at: number; readonly end: number }
  | { readonly kind: 'action'; readonly pipe: Pipe; readonly at: number; readonly end: number }
  | {
      readonly kind: 'if' | 'with' | 'range';
      readonly pipe: Pipe;
      readonly body: Body;
      readonly otherwise: Body | undefined;
      readonly at: number;
      readonly end: number;
    }
  | { readonly kind: 'template'; readonly name: string; readonly pipe: Pipe | undefined; readonly at: number; readonly end: number }
  | { readonly kind: 'break' | 'continue'; readonly at: number; readonly end: number };

export type Body = readonly TemplateNode[];

export interface Pipe {
  /** Variables that take the value: one, or key and element in `range`. */
  readonly declares: readonly string[];
  /** `=` instead of `:=`. */
  readonly assigns: boolean;
  readonly commands: readonly Command[];
  readonly at: number;
}
export interface Command {
  readonly args: readonly Operand[];
  readonly at: number;
  readonly end: number;
}
export type Operand =
  | (Span & { readonly kind: 'literal'; readonly value: null | boolean | GoNumber | string })
  | (Span & { readonly kind: 'dot' })
  | (Span & { readonly kind: 'field'; readonly path: readonly string[] })
  | (Span & { readonly kind: 'variable'; readonly name: string; readonly path: readonly string[] })
  | (Span & { readonly kind: 'function'; readonly name: string; readonly path: readonly string[] })
  | (Span & { readonly kind: 'pipe'; readonly pipe: Pipe; readonly path: readonly string[] });

interface Span {
  readonly at: number;
  readonly end: number;
}

export interface Template {
  readonly body: Body;
  readonly defined: ReadonlyMap<string, Body>;
}
