import { isCalled, parseAddress } from '../../engine/index.ts';
import { type Command, commandsOf, type Operand, operandsOf, type Template, type TemplateNode } from '../../gotemplate/index.ts';
import { readName } from '../deferred/read-need.ts';
import { componentKey, isReadable, type StoreSettings } from '../project/stores.ts';
import type { Places } from './places.ts';
import type { Reads } from './reads.ts';
import { type StoredOutputs, storedCommand } from './stored-outputs.ts';

/** What is known of a component when its templates are read. */
export interface Known {
  /** Addresses of components whose outputs can be read. */
  readonly components: () => readonly string[];
  readonly stores: Readonly<Record<string, StoreSettings>>;
  /** Components that are somebody else's. */
  readonly reads: Reads;
  /** What the target's components put into them. */
  readonly stored: StoredOutputs;
  /** The component's own address. */
  readonly self: string;
  /** The component's own stack. */
  readonly stack: string;
  readonly places: Places;
  /** The value of an operand that reads nothing but literals, the component's sections and functions; `undefined` for another. */
  readonly read: (operand: Operand) => unknown;
}

/**
 * A template in which what Atmos's functions ask for, and what is not there yet, is read where it is needed: `(atmos.Component "vpc" .stack).outputs.id`
 * becomes `(index outputs.terraform "vpc").id`, and `atmos.Store "name" .stack "vpc" "id"` what `!store` stands for. What asks differently, or for
 * what can't be read, is left as it is.
 */
export function calledLater(source: string, template: Template, known: Known): string {
  if (!/\batmos\.(?:Component|Store)\b/.test(source)) return source;
  // Within what is defined, dot and `$` are others; within `range` and `with` the dot is.
  const isDollarRoot = template.defined.size === 0;
  const isRoot = isDollarRoot && !template.body.some(movesDot);
  const read = (operand: Operand): unknown =>
    isRoot || operand.kind === 'literal' || (isDollarRoot && operand.kind === 'variable' && operand.name === '$')
      ? known.read(operand)
      : undefined;
  const outputs = [...operandsOf(template)].map((operand) => ({ ...operand, text: outputsOf(operand, known, read) }));
  const stores = [...commandsOf(template)].map((command) => ({ ...command, text: storeOf(command, known, read) }));
  return [...outputs, ...stores]
    .sort((a, b) => b.at - a.at)
    .reduce((text, edit) => (edit.text === undefined ? text : text.slice(0, edit.at) + edit.text + text.slice(edit.end)), source);
}

type Read = (operand: Operand) => unknown;

function outputsOf(operand: Operand, { components, stack: own, places, reads }: Known, read: Read): string | undefined {
  if (operand.kind !== 'pipe' || operand.path[0] !== 'outputs' || operand.pipe.declares.length > 0) return undefined;
  const [command, ...more] = operand.pipe.commands;
  const args = command === undefined || more.length > 0 ? undefined : argumentsOf(command, 'Component');
  if (args === undefined || args.length > 2) return undefined;
  const [name, stack] = args.map(read);
  const address = components().find((one) => isCalled(one, name));
  if (typeof name !== 'string' || (args.length > 1 && typeof stack !== 'string')) return undefined;
  const asked = stack as string | undefined;
  if (address === undefined || !places.isMeant(address, asked, own)) {
    const other = reads.find(name, asked, own);
    return other === undefined
      ? undefined
      : [`(index outputs.read ${JSON.stringify(readName(other))})`, ...operand.path.slice(1)].join('.');
  }
  const found = parseAddress(address);
  return [`(index outputs.${found.kind} ${JSON.stringify(found.name)})`, ...operand.path.slice(1)].join('.');
}

function storeOf(command: Command, { stores, stored, self }: Known, read: Read): string | undefined {
  const args = argumentsOf(command, 'Store')?.map(read);
  if (args?.length !== 4 || !args.every((arg) => typeof arg === 'string')) return undefined;
  const [name = '', stack = '', component = '', key = ''] = args;
  const settings = Object.hasOwn(stores, name) ? stores[name] : undefined;
  if (settings === undefined || !isReadable(settings.type) || settings.isSecret) return undefined;
  const found = componentKey(settings, stack, component, key);
  return storedCommand(stored.find(name, found, self), { store: name, key: found, query: '' });
}

/** What a command gives to a function of `atmos`. */
function argumentsOf({ args: [called, ...args] }: Command, name: string): readonly Operand[] | undefined {
  return called?.kind === 'function' && called.name === 'atmos' && called.path.length === 1 && called.path[0] === name ? args : undefined;
}

function movesDot(node: TemplateNode): boolean {
  if (node.kind === 'with' || node.kind === 'range') return true;
  return node.kind === 'if' && [...node.body, ...(node.otherwise ?? [])].some(movesDot);
}
