import { isInteger, isNumber, toFloat } from '../../yaml/index.ts';
import type { Body, Command, Operand, Pipe, Template, TemplateNode } from './ast.ts';
import { TemplateError } from './errors.ts';
import { actionValue, type EvaluationOptions } from './evaluate.ts';
import { toJson } from './json.ts';
import type { Value } from './values.ts';

/** What is known of a template that can't be evaluated yet. */
export interface Known extends EvaluationOptions {
  /** The template's dot. */
  readonly data: Value;
  /** Functions whose results are put in, since they may not be called later: `git`, `env`. */
  readonly fixed: ReadonlySet<string>;
  /** Which of the operands that read the data are put in; all, if it is left out. */
  readonly isKnown?: (operand: Operand) => boolean;
}

/**
 * The text of a template with its data put in as literals, so that it can be evaluated elsewhere, later, without the data:
 * `{{ printf "%s/%s" .vars.name outputs.x }}` becomes `{{ printf "%s/%s" "api" outputs.x }}`.
 * @throws TemplateError when a fixed function's arguments are known only while the template runs.
 */
export function inline(source: string, template: Template, known: Known): string {
  const edits = new Inliner(template, known).edits();
  let text = '';
  let at = 0;
  for (const edit of edits) {
    text += source.slice(at, edit.at) + edit.text;
    at = edit.end;
  }
  return text + source.slice(at);
}

interface Edit {
  readonly at: number;
  readonly end: number;
  readonly text: string;
}

/** Whether the dot and `$` are those that the template was given. */
interface Surroundings {
  readonly dotIsRoot: boolean;
  readonly dollarIsRoot: boolean;
}

class Inliner {
  readonly #template: Template;
  readonly #known: Known;
  readonly #edits: Edit[] = [];

  constructor(template: Template, known: Known) {
    this.#template = template;
    this.#known = known;
  }

  edits(): readonly Edit[] {
    this.#body(this.#template.body, { dotIsRoot: true, dollarIsRoot: true });
    for (const body of this.#template.defined.values()) this.#body(body, { dotIsRoot: false, dollarIsRoot: false });
    return this.#edits.sort((a, b) => a.at - b.at);
  }

  #body(body: Body, around: Surroundings): void {
    for (const node of body) this.#node(node, around);
  }

  #node(node: TemplateNode, around: Surroundings): void {
    switch (node.kind) {
      case 'text':
      case 'break':
      case 'continue':
        return;
      case 'action':
        this.#pipe(node.pipe, around);
        return;
      case 'template':
        if (node.pipe !== undefined) this.#pipe(node.pipe, around);
        return;
      case 'if':
      case 'with':
      case 'range':
        this.#pipe(node.pipe, around);
        this.#body(node.body, node.kind === 'if' ? around : { ...around, dotIsRoot: false });
        this.#body(node.otherwise ?? [], around);
        return;
      default:
        node satisfies never;
    }
  }

  #pipe(pipe: Pipe, around: Surroundings): void {
    for (const [index, command] of pipe.commands.entries()) this.#command(command, index > 0, around);
  }

  #command(command: Command, isPiped: boolean, around: Surroundings): void {
    const [first, ...rest] = command.args;
    if (first?.kind === 'function' && this.#known.fixed.has(first.name)) {
      if (isPiped || !rest.every((arg) => arg.kind === 'literal' || isOfRoot(arg, around))) {
        throw new TemplateError(`the arguments of ${first.name} must be known in advance`, first.at);
      }
      this.#replace(command.at, command.end, command.args);
      return;
    }
    for (const operand of command.args) this.#operand(operand, around);
  }

  #operand(operand: Operand, around: Surroundings): void {
    const isFixed = operand.kind === 'function' && this.#known.fixed.has(operand.name);
    const isKnown = isOfRoot(operand, around) && this.#known.isKnown?.(operand) !== false;
    // Of what a fixed function gives, only what is asked for is put in.
    const isOfFixed = operand.kind === 'pipe' && operand.path.length > 0 && this.#isFixedCall(operand.pipe, around);
    if (isFixed || isKnown || isOfFixed) this.#replace(operand.at, operand.end, [operand]);
    else if (operand.kind === 'pipe') this.#pipe(operand.pipe, around);
  }

  #isFixedCall({ declares, commands }: Pipe, around: Surroundings): boolean {
    const [first, ...rest] = commands.length === 1 && declares.length === 0 ? (commands[0]?.args ?? []) : [];
    return (
      first?.kind === 'function' &&
      this.#known.fixed.has(first.name) &&
      rest.every((arg) => arg.kind === 'literal' || isOfRoot(arg, around))
    );
  }

  #replace(at: number, end: number, args: readonly Operand[]): void {
    const pipe: Pipe = { declares: [], assigns: false, commands: [{ args, at, end }], at };
    this.#edits.push({ at, end, text: literal(actionValue(this.#template, pipe, this.#known.data, this.#known)) });
  }
}

function isOfRoot(operand: Operand, { dotIsRoot, dollarIsRoot }: Surroundings): boolean {
  if (operand.kind === 'dot' || operand.kind === 'field') return dotIsRoot;
  return operand.kind === 'variable' && operand.name === '$' && dollarIsRoot;
}

/** A value as templates write it. */
function literal(value: Value): string {
  if (typeof value === 'string' || typeof value === 'boolean') return JSON.stringify(value);
  if (isNumber(value)) return isInteger(value) ? String(value) : `(float64 ${JSON.stringify(String(toFloat(value)))})`;
  if (value === undefined || value === null) return '(fromJson "null")';
  // Whole numbers stay whole: `fromJson` would make floats of them.
  return `(index (data.JSONArray ${JSON.stringify(toJson([value]))}) 0)`;
}
