import type { Body, Command, Operand, Pipe, Template, TemplateNode } from './ast.ts';
import type { Functions } from './call.ts';
import { TemplateError } from './errors.ts';
import { fieldOf } from './field.ts';
import { lookUp } from './lookup.ts';
import { printed, unknownResult } from './unknown.ts';
import { isTrue, type Method, Opaque, pairsOf, UNKNOWN, Unknown, type Value } from './values.ts';
import { Variables } from './variables.ts';

export interface EvaluationOptions {
  readonly functions: Functions;
  /** Go's option `missingkey`: what a key that a map does not have gives. */
  readonly missingKey: 'default' | 'error';
}

/** The text that a template gives for some data. @throws TemplateError */
export function render(template: Template, data: Value, options: EvaluationOptions): string {
  return new Evaluation(template, data, options).text();
}

/** The value of a template that is one action alone, with its type. @throws TemplateError */
export function actionValue(template: Template, pipe: Pipe, data: Value, options: EvaluationOptions): Value {
  return new Evaluation(template, data, options).value(pipe);
}

class Break {
  readonly kind: 'break' | 'continue';
  constructor(kind: 'break' | 'continue') {
    this.kind = kind;
  }
}

class Evaluation {
  readonly #template: Template;
  readonly #options: EvaluationOptions;
  readonly #data: Value;
  #variables: Variables;
  #out: string[] = [];
  #depth = 0;

  constructor(template: Template, data: Value, options: EvaluationOptions) {
    this.#template = template;
    this.#options = options;
    this.#data = data;
    this.#variables = new Variables(data);
  }

  text(): string {
    this.#body(this.#template.body, this.#data);
    return this.#out.join('');
  }

  value(pipe: Pipe): Value {
    return this.#pipe(pipe, this.#data);
  }

  #body(body: Body, dot: Value): void {
    const mark = this.#variables.count;
    for (const node of body) this.#node(node, dot);
    this.#variables.forget(mark);
  }

  #node(node: TemplateNode, dot: Value): void {
    switch (node.kind) {
      case 'text':
        this.#out.push(node.text);
        return;
      case 'action': {
        const value = this.#pipe(node.pipe, dot);
        if (node.pipe.declares.length === 0) this.#out.push(printed(value, node.pipe.at));
        return;
      }
      case 'if':
      case 'with': {
        const mark = this.#variables.count;
        const value = this.#pipe(node.pipe, dot);
        if (value instanceof Unknown) {
          this.#speculate(node.body, node.kind === 'with' ? value : dot);
          this.#speculate(node.otherwise ?? [], dot);
        } else if (isTrue(value)) this.#body(node.body, node.kind === 'with' ? value : dot);
        else if (node.otherwise !== undefined) this.#body(node.otherwise, dot);
        this.#variables.forget(mark);
        return;
      }
      case 'range':
        this.#range(node, dot);
        return;
      case 'template':
        this.#include(node, dot);
        return;
      case 'break':
      case 'continue':
        throw new Break(node.kind);
      default:
        node satisfies never;
    }
  }

  /** A way that may or may not be taken once more is known: what fails on it fails then. */
  #speculate(body: Body, dot: Value): void {
    try {
      this.#body(body, dot);
    } catch (error) {
      if (!(error instanceof Break || error instanceof TemplateError)) throw error;
    }
  }

  #range(node: Extract<TemplateNode, { kind: 'if' | 'with' | 'range' }>, dot: Value): void {
    const mark = this.#variables.count;
    const { declares, assigns } = node.pipe;
    const value = this.#pipe({ ...node.pipe, declares: [] }, dot);
    const pairs = pairsOf(value);
    if (pairs === undefined) throw new TemplateError(`range can't iterate over ${printed(value, node.pipe.at)}`, node.pipe.at);
    for (const [key, element] of pairs) {
      const names =
        declares.length === 1
          ? [[declares[0], element]]
          : [
              [declares[0], key],
              [declares[1], element],
            ];
      for (const [name, bound] of names as [string | undefined, Value][]) {
        if (name !== undefined) this.#bind(name, bound, node.pipe);
      }
      try {
        this.#body(node.body, element);
      } catch (signal) {
        if (!(signal instanceof Break)) throw signal;
        if (signal.kind === 'break') break;
      } finally {
        if (!assigns) this.#variables.forget(mark);
      }
    }
    if (value instanceof Unknown) this.#speculate(node.otherwise ?? [], dot);
    if (pairs.length === 0 && node.otherwise !== undefined) this.#body(node.otherwise, dot);
    this.#variables.forget(mark);
  }

  #include(node: Extract<TemplateNode, { kind: 'template' }>, dot: Value): void {
    const body = this.#template.defined.get(node.name);
    if (body === undefined) throw new TemplateError(`template "${node.name}" not defined`, node.at);
    this.#depth += 1;
    if (this.#depth > 1000) throw new TemplateError('exceeded maximum template depth', node.at);
    const outer = this.#variables;
    const value = node.pipe === undefined ? null : this.#pipe(node.pipe, dot);
    this.#variables = new Variables(value);
    this.#body(body, value);
    this.#variables = outer;
    this.#depth -= 1;
  }

  #bind(name: string, value: Value, { assigns, at }: Pick<Pipe, 'assigns' | 'at'>): void {
    if (assigns) this.#variables.assign(name, value, at);
    else this.#variables.declare(name, value);
  }

  #pipe(pipe: Pipe, dot: Value): Value {
    let value: Value | undefined;
    for (const [index, command] of pipe.commands.entries()) value = this.#command(command, dot, index === 0 ? [] : [value]);
    for (const name of pipe.declares) this.#bind(name, value, pipe);
    return value;
  }

  #command(command: Command, dot: Value, last: readonly Value[]): Value {
    const [first, ...rest] = command.args;
    if (first === undefined) throw new TemplateError('missing value for command', command.at);
    if (first.kind === 'literal' && first.value === null) throw new TemplateError('nil is not a command', first.at);
    if (first.kind === 'function') return this.#function(first, rest, dot, last);
    const given = (): readonly Value[] => [...rest.map((arg) => this.#operand(arg, dot)), ...last];
    return this.#operand(first, dot, rest.length > 0 || last.length > 0 ? given : undefined);
  }

  #function(operand: Extract<Operand, { kind: 'function' }>, args: readonly Operand[], dot: Value, last: readonly Value[]): Value {
    const { name, at } = operand;
    if (name === 'and' || name === 'or') return this.#lazy(name, args, dot, last);
    const found = lookUp(this.#options.functions, name);
    if (found === undefined) throw new TemplateError(`function "${name}" not defined`, at);
    // The arguments of a chain belong to its last method: `strings.Indent 2 "x"`.
    const given = (): readonly Value[] => [...args.map((arg) => this.#operand(arg, dot)), ...last];
    const isChain = operand.path.length > 0;
    const values = isChain ? [] : given();
    const known = unknownResult(name, values, at);
    if (known !== undefined) return known;
    const result = this.#call(name, found, values, at);
    return this.#path(result, operand.path, at, isChain && (args.length > 0 || last.length > 0) ? given : undefined);
  }

  /** `and` and `or` stop at the first argument that decides. */
  #lazy(name: 'and' | 'or', args: readonly Operand[], dot: Value, last: readonly Value[]): Value {
    let value: Value = null;
    let unknown = false;
    for (const arg of args) {
      value = this.#operand(arg, dot);
      if (value instanceof Unknown) unknown = true;
      else if (isTrue(value) === (name === 'or') && !unknown) return value;
    }
    if (unknown || last[0] instanceof Unknown) return UNKNOWN;
    return last.length > 0 ? last[0] : value;
  }

  #operand(operand: Operand, dot: Value, given?: () => readonly Value[]): Value {
    switch (operand.kind) {
      case 'literal':
        return this.#path(operand.value, [], operand.at, given);
      case 'dot':
        return this.#path(dot, [], operand.at, given);
      case 'field':
        return this.#path(dot, operand.path, operand.at, given);
      case 'variable':
        return this.#path(this.#variables.read(operand.name, operand.at), operand.path, operand.at, given);
      case 'function':
        return this.#function(operand, [], dot, []);
      case 'pipe':
        return this.#path(this.#pipe(operand.pipe, dot), operand.path, operand.at, given);
      default:
        return operand satisfies never;
    }
  }

  /** The fields of a value, one after the other. A method is called; the last one with the arguments that were `given`. */
  #path(start: Value, path: readonly string[], at: number, given?: () => readonly Value[]): Value {
    let value = start;
    for (const [index, name] of path.entries()) {
      const isLast = index === path.length - 1;
      if (value instanceof Opaque) {
        const member = value.member(name);
        if (member === undefined) {
          const other = value.names().find((one) => one.toLowerCase() === name.toLowerCase());
          throw new TemplateError(
            `can't evaluate field ${name} in type ${value.type}${other === undefined ? '' : `: did you mean ${other}?`}`,
            at,
          );
        }
        if (typeof member === 'function') {
          value = this.#call(name, member, isLast && given !== undefined ? given() : [], at);
          if (isLast) return value;
        } else value = member;
      } else value = fieldOf(value, name, at, this.#options.missingKey);
    }
    if (given !== undefined) throw new TemplateError("can't give argument to non-function", at);
    return value;
  }

  #call(name: string, method: Method, values: readonly Value[], at: number): Value {
    try {
      return method(...values);
    } catch (cause) {
      if (cause instanceof TemplateError || !(cause instanceof Error)) throw cause;
      throw new TemplateError(`error calling ${name}: ${cause.message}`, at, { cause });
    }
  }
}
