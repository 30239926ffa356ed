import type { Body, Command, Operand, Pipe, Template, TemplateNode } from './ast.ts';

/** Every operand of a template, in no order, those inside parentheses too. */
export function* operandsOf(template: Template): Generator<Operand> {
  for (const { args } of commandsOf(template)) yield* args;
}

/** Every command of a template, in no order, those inside parentheses too. */
export function* commandsOf({ body, defined }: Template): Generator<Command> {
  for (const one of [body, ...defined.values()]) yield* ofBody(one);
}

function* ofBody(body: Body): Generator<Command> {
  for (const node of body) yield* ofNode(node);
}

function* ofNode(node: TemplateNode): Generator<Command> {
  switch (node.kind) {
    case 'text':
    case 'break':
    case 'continue':
      return;
    case 'action':
      yield* ofPipe(node.pipe);
      return;
    case 'template':
      if (node.pipe !== undefined) yield* ofPipe(node.pipe);
      return;
    case 'if':
    case 'with':
    case 'range':
      yield* ofPipe(node.pipe);
      yield* ofBody(node.body);
      yield* ofBody(node.otherwise ?? []);
      return;
    default:
      node satisfies never;
  }
}

function* ofPipe(pipe: Pipe): Generator<Command> {
  for (const command of pipe.commands) {
    yield command;
    for (const operand of command.args) if (operand.kind === 'pipe') yield* ofPipe(operand.pipe);
  }
}

/** The path of a template that is one action alone but for spaces around it, and that a field alone: `{{ .locals.name }}`. */
export function onlyField(template: Template): readonly string[] | undefined {
  const [operand, ...others] = onlyCommand(template)?.args ?? [];
  return operand?.kind === 'field' && others.length === 0 ? operand.path : undefined;
}

/** The function and the texts that it is given, where a template is that call alone but for spaces around it: `{{ env "NAME" }}`. */
export function onlyCall(template: Template): readonly [called: string, ...texts: string[]] | undefined {
  const [called, ...args] = onlyCommand(template)?.args ?? [];
  if (called?.kind !== 'function' || called.path.length > 0) return undefined;
  const texts = args.flatMap((arg) => (arg.kind === 'literal' && typeof arg.value === 'string' ? [arg.value] : []));
  return texts.length === args.length ? [called.name, ...texts] : undefined;
}

function onlyCommand({ body }: Template): Command | undefined {
  const [node, ...more] = body.filter((part) => part.kind !== 'text' || part.text.trim() !== '');
  if (more.length > 0 || node?.kind !== 'action' || node.pipe.declares.length > 0 || node.pipe.commands.length !== 1) return undefined;
  return node.pipe.commands[0];
}
