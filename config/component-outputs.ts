import type { Operand, Template, TemplateNode } from './templates/index.ts';
import { operandsOf } from './templates/index.ts';

/**
 * A template in which outputs that are asked for through another component's sections, which are known now, are read where they are needed:
 * `(atmos.Component "vpc" .stack).outputs.id` becomes `(index outputs.terraform "vpc").id`. What asks in another way is left as it is.
 */
export function readingOutputs(source: string, template: Template, components: readonly string[]): string {
  if (!source.includes('atmos.Component')) return source;
  const isRoot = !template.body.some(movesDot);
  const edits = [...operandsOf(template)].flatMap((operand) => {
    const text = outputsOf(operand, isRoot, components);
    return text === undefined ? [] : [{ at: operand.at, end: operand.end, text }];
  });
  return edits.sort((a, b) => b.at - a.at).reduce((text, edit) => text.slice(0, edit.at) + edit.text + text.slice(edit.end), source);
}

function outputsOf(operand: Operand, isRoot: boolean, components: readonly string[]): string | undefined {
  if (operand.kind !== 'pipe' || operand.path[0] !== 'outputs' || operand.pipe.declares.length > 0) return undefined;
  const [command, ...more] = operand.pipe.commands;
  const [called, name, stack, ...others] = command?.args ?? [];
  if (
    more.length > 0 ||
    others.length > 0 ||
    called?.kind !== 'function' ||
    `${called.name}.${called.path.join('.')}` !== 'atmos.Component'
  ) {
    return undefined;
  }
  if (name?.kind !== 'literal' || typeof name.value !== 'string' || (stack !== undefined && !isOwnStack(stack, isRoot))) return undefined;
  const { value } = name;
  const address = components.find((one) => one === value || one.slice(one.indexOf('/') + 1) === value);
  if (address === undefined) return undefined;
  const [kind, ...rest] = address.split('/');
  return [`(index outputs.${kind} ${JSON.stringify(rest.join('/'))})`, ...operand.path.slice(1)].join('.');
}

/** Whether it is the stack of the component itself, whichever that is. */
function isOwnStack(operand: Operand, isRoot: boolean): boolean {
  const path = operand.kind === 'field' && isRoot ? operand.path : operand.kind === 'variable' && operand.name === '$' ? operand.path : [];
  return path.length === 1 && (path[0] === 'stack' || path[0] === 'atmos_stack');
}

function movesDot(node: TemplateNode): boolean {
  if (node.kind === 'with' || node.kind === 'range') return true;
  return node.kind === 'if' && [...node.body, ...(node.otherwise ?? [])].some(movesDot);
}
