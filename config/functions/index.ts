/**
 * YAML functions: tags that compute a value (`!env NAME`).
 *
 * In: a scalar with its tag, and what evaluation knows. Out: the value, which may be a `Deferred`. A function is one entry of `YAML_FUNCTIONS`.
 */
import { AtmosError, isObject, isRawNumber, type Json, parseJson } from '../../engine/index.ts';
import { memberOf, type Value } from '../../gotemplate/index.ts';
import { errorAt, type LocatedScalar, scalarJson } from '../../yaml/index.ts';
import { isDeferred } from '../deferred/deferred.ts';
import { readName } from '../deferred/read-need.ts';
import type { EvaluationContext } from '../evaluation/context.ts';
import { evaluateTemplate } from '../evaluation/template-value.ts';
import { suggestion } from '../model/nearest.ts';
import { GIT_FUNCTIONS, gitFact } from './git.ts';
import { outputAsked } from './output.ts';
import { storeTemplate } from './store.ts';
import { findVariable } from './variable.ts';
import { unquoted, wordsOf } from './words.ts';

/** @throws AtmosError `yaml-function` for a tag that names no function, or arguments that it does not take. */
export function yamlFunction(scalar: LocatedScalar, tag: string, context: EvaluationContext): Json {
  const call = Object.hasOwn(YAML_FUNCTIONS, tag) ? YAML_FUNCTIONS[tag] : undefined;
  if (call === undefined) {
    const instead = Object.entries(ELSEWHERE).find(([name]) => tag === name || tag.startsWith(`${name}.`));
    if (instead !== undefined)
      throw errorAt(scalar.at, `${tag} is not supported in deployments`, { code: 'yaml-function', hint: instead[1] });
    throw errorAt(scalar.at, `unknown YAML function ${tag}`, {
      code: 'yaml-function',
      hint: suggestion(tag, Object.keys(YAML_FUNCTIONS), 'YAML functions'),
    });
  }
  try {
    // What stands around it, as the line feed of a block, is none of it.
    return call(scalar, scalar.value === null ? '' : String(scalar.value).trim(), context);
  } catch (cause) {
    if (cause instanceof AtmosError || !(cause instanceof Error)) throw cause;
    throw errorAt(scalar.at, `${tag}: ${cause.message}`, { code: 'yaml-function', cause });
  }
}

/** Functions of Atmos that ask what a release can't depend on, and what to write instead. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  '!aws': 'write the value under vars, or let Terraform ask for it: data "aws_caller_identity", data "aws_region"',
  '!secret': 'declare it under "secrets" of the target: nodes get it as an environment variable, and it is never stored',
  '!emulator': 'write its address under vars of the target',
  '!version': 'write the version under vars, or under "images"',
};

/** A text that begins with a function's name is that function, as a tag is: a block that begins with `!exec`. */
export function functionIn(text: string): { readonly tag: string; readonly text: string } | undefined {
  if (!text.startsWith('!')) return undefined;
  const tag = /^![\w.-]+/.exec(text)?.[0] ?? '';
  return Object.hasOwn(YAML_FUNCTIONS, tag) && /^\s|^$/.test(text.slice(tag.length))
    ? { tag, text: text.slice(tag.length).trim() }
    : undefined;
}

type YamlFunction = (scalar: LocatedScalar, text: string, context: EvaluationContext) => Json;

const output: YamlFunction = (scalar, text, context) => {
  const { component, stack, template, ofRead } = outputAsked(scalar, known(scalar, text, context));
  const own = String(memberOf(context.data, 'atmos_stack') ?? '');
  const address = `terraform/${component}`;
  const there = context.places.stackOf(address);
  const isOwn = there !== undefined && context.places.isMeant(address, stack, own);
  const read = isOwn ? undefined : context.reads.find(component, stack, own);
  const settled = { ...context, delimitersOf: () => ({ left: '{{', right: '}}' }) };
  if (read !== undefined) return evaluateTemplate(ofRead(readName(read)), scalar, settled);
  if (!isOwn && !context.statics.has(address) && !context.components.has(address)) {
    throw errorAt(
      scalar.at,
      `${scalar.tag} reads an output of ${component}${stack === undefined ? '' : ` of stack "${stack}"`}, which this deployment does not have`,
      {
        code: 'unknown-component',
        hint: `${suggestion(component, ownNames(context), 'components') ?? ''}; ${context.reads.hint(component, stack, own)}`,
      },
    );
  }
  if (!context.places.isMeant(address, stack, own) && (stack !== undefined || there !== undefined)) {
    throw errorAt(
      scalar.at,
      `${scalar.tag} reads of stack "${stack ?? own}", but components can only read outputs within their own target`,
      {
        code: 'yaml-function',
        hint:
          there === undefined || there === own
            ? `omit the stack to read this target's own component; ${context.reads.hint(component, stack, own)}`
            : `this deployment has ${component} in stack "${there}": name that, if it is meant`,
      },
    );
  }
  return evaluateTemplate(template, scalar, settled);
};

/** How the addresses of root modules begin, whose outputs `!terraform.output` reads. */
const OF_MODULES = 'terraform/';

/** The deployment's root modules, without their kind. */
function ownNames({ components }: EvaluationContext): readonly string[] {
  return [...components].flatMap((one) => (one.startsWith(OF_MODULES) ? [one.slice(OF_MODULES.length)] : []));
}

const store: YamlFunction = (scalar, text, context) => {
  const template = storeTemplate(scalar, known(scalar, text, context), context);
  return evaluateTemplate(template, scalar, { ...context, delimitersOf: () => ({ left: '{{', right: '}}' }) });
};

const asText: YamlFunction = ({ tag }, text) => `${tag} ${text}`.trim();

const YAML_FUNCTIONS: Readonly<Record<string, YamlFunction>> = {
  '!env': (scalar, text, context) => {
    const [name, fallback, ...rest] = argumentsOf(scalar, text, context);
    if (name === undefined || rest.length > 0) throw wrongArguments(scalar, '!env', 'NAME [default]');
    const found = findVariable(name, fallback, scalar, context);
    if ('value' in found) return found.value;
    if ('exec' in found.source) {
      throw errorAt(scalar.at, `the variable ${name} is set by a command that runs with the nodes, and is not known yet`, {
        code: 'yaml-function',
        hint: `make it a variable of its own: vars: { <variable>: !env ${name} }`,
      });
    }
    return context.host.env[found.source.env] ?? found.source.default ?? '';
  },
  '!template': (scalar, text, context) => jsonOrText(evaluateTemplate(text, scalar, context)),
  '!exec': (scalar, text, context) => {
    const command = evaluateTemplate(text, scalar, context);
    if (typeof command !== 'string') throw errorAt(scalar.at, 'the command of !exec must be known in advance', { code: 'yaml-function' });
    return jsonOrText(context.host.exec(command));
  },
  // It keeps a text from functions, and not from the templates of its component.
  '!literal': (scalar, text, context) =>
    typeof scalar.value === 'string' ? evaluateTemplate(text, scalar, context) : scalarJson(scalar.value),
  // Atmos knows these in stacks, and does not evaluate them there.
  '!cwd': asText,
  '!random': asText,
  '!cel': asText,
  ...Object.fromEntries(
    Object.keys(GIT_FUNCTIONS).map((tag): [string, YamlFunction] => [tag, (_, text, { host }) => gitFact(tag, text.trim(), host)]),
  ),
  '!tags': (scalar, _text, context) => renderedIn((metadataOf(context, 'tags') as Json | undefined) ?? [], scalar, context),
  '!labels': (scalar, _text, context) => renderedIn(labelsOf(context), scalar, context),
  '!labels.keys': (_scalar, _text, context) => Object.keys(labelsOf(context)).sort(),
  '!labels.values': (scalar, _text, context) => {
    const labels = renderedIn(labelsOf(context), scalar, context) as { readonly [key: string]: Json };
    return Object.keys(labels)
      .sort()
      .map((key) => labels[key] ?? null);
  },
  '!store': store,
  '!store.get': store,
  '!terraform.output': output,
  // Both read what the component gave out; where its state lies is the node's affair.
  '!terraform.state': output,
};

/** What is JSON is its value, anything else text. */
function jsonOrText(value: Json): Json {
  if (typeof value !== 'string') return value;
  try {
    return parseJson(value);
  } catch {
    return value;
  }
}

function metadataOf({ data }: EvaluationContext, name: string): Value {
  return memberOf(memberOf(data, 'metadata'), name);
}

function labelsOf(context: EvaluationContext): { readonly [key: string]: Json } {
  return (metadataOf(context, 'labels') as { readonly [key: string]: Json } | undefined | null) ?? {};
}

/** Metadata as its templates make it: they come before functions. */
function renderedIn(value: Json, scalar: LocatedScalar, context: EvaluationContext): Json {
  if (typeof value === 'string') return evaluateTemplate(value, scalar, context);
  if (Array.isArray(value)) return value.map((item: Json) => renderedIn(item, scalar, context));
  if (!isObject(value) || isRawNumber(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, below]) => [key, renderedIn(below as Json, scalar, context)]));
}

/** Words, or texts in quotes; templates in them are evaluated first. */
function argumentsOf(scalar: LocatedScalar, text: string, context: EvaluationContext): readonly string[] {
  return wordsOf(known(scalar, text, context)).map((word) => unquoted(word.text));
}

/** A text with its templates evaluated. */
function known(scalar: LocatedScalar, text: string, context: EvaluationContext): string {
  const value = evaluateTemplate(text, scalar, context);
  if (isDeferred(value)) throw errorAt(scalar.at, `the arguments of ${scalar.tag} must be known in advance`, { code: 'yaml-function' });
  return String(value);
}

function wrongArguments(scalar: LocatedScalar, tag: string, usage: string) {
  return errorAt(scalar.at, `invalid arguments for ${tag}`, { code: 'yaml-function', hint: `write: ${tag} ${usage}` });
}
