import type { ComponentAddress } from '../../engine/index.ts';
import { errorAt, type Located, type LocatedMap, type LocatedScalar } from '../../yaml/index.ts';
import type { EvaluationContext } from '../evaluation/context.ts';
import { evaluateTemplate } from '../evaluation/template-value.ts';
import { functionIn } from '../functions/index.ts';
import { findVariable, secretTemplate } from '../functions/variable.ts';
import { unquoted, wordsOf } from '../functions/words.ts';
import type { ValueSource } from '../model/scope.ts';

/** Sections without what only nodes may know, and where that comes from, by the variable that nodes get. */
export interface Referring {
  readonly sections: LocatedMap;
  readonly secrets: Readonly<Record<string, ValueSource>>;
}

/** Whose sections they are. */
export interface ReferringTo {
  readonly address: ComponentAddress;
  /** What the names of variables begin with in the environment; where there is none, variables of `vars` can't be secret. */
  readonly prefix: string;
  /** Variables that are set for this component alone. */
  readonly own: ReadonlySet<string>;
}

/**
 * Takes out of a component's sections what is read when its nodes run, and is in no release: a whole variable of `vars` that is a secret of the
 * target (`!env NAME`, `{{ env "NAME" }}`), and in `env` whatever the environment or a command gives. The latter keeps its place where it is no secret and
 * nothing has to be run for it.
 * @throws AtmosError `secret-in-vars`
 */
export function takeReferences(sections: LocatedMap, { address, prefix, own }: ReferringTo, context: EvaluationContext): Referring {
  const secrets: Record<string, ValueSource> = {};
  const take = (section: string, find: (value: Located, name: string) => boolean): void => {
    const all = sections.entries.get(section);
    if (all?.value.kind !== 'map') return;
    const kept = [...all.value.entries].filter(([name, { value }]) => !find(value, name));
    if (kept.length === all.value.entries.size) return;
    left.set(section, { ...all, value: { ...all.value, entries: new Map(kept) } });
  };
  const left = new Map(sections.entries);
  take('env', (value, name) => {
    const source = sourceOf(value, context);
    if (source === undefined) return false;
    secrets[name] = source;
    return 'exec' in source || context.host.isSecret(source.env);
  });
  // Elsewhere there is nothing to look for, and most of what people have is in vars.
  if (!context.host.hasSecrets && !Object.values(secrets).some((source) => 'exec' in source)) {
    return { sections: { ...sections, entries: left }, secrets };
  }
  take('vars', (value, name) => {
    const source = sourceOf(value, context);
    // What a command prints is in the release, unless it is a variable of `env`.
    const isKnown = source === undefined || ('exec' in source ? isCommand(value) : !context.host.isSecret(source.env));
    if (isKnown) return false;
    if (prefix === '') {
      // What others share is left out.
      if (!own.has(name)) return true;
      throw errorAt(value.at, `${address}: vars.${name} is a secret, and the vars of this kind of component are a file`, {
        code: 'secret-in-vars',
        hint: `move it to env, where commands have it as a variable: env: { ${name}: … }`,
      });
    }
    // What the stacks say of a variable counts more than its name in the environment.
    secrets[`${prefix}${name}`] = source;
    return true;
  });
  return { sections: { ...sections, entries: left }, secrets };
}

/** Whether a value itself is `!exec`. */
function isCommand(value: Located): boolean {
  const scalar = value.kind === 'layers' ? value.layers.at(-1) : value;
  return (
    scalar?.kind === 'scalar' && (scalar.tag === '!exec' || (scalar.tag === undefined && functionIn(String(scalar.value))?.tag === '!exec'))
  );
}

/** Where the whole value comes from; `undefined` where it is known, or is only a part of a text. */
function sourceOf(value: Located, context: EvaluationContext): ValueSource | undefined {
  const scalar = value.kind === 'layers' ? value.layers.at(-1) : value;
  if (scalar?.kind !== 'scalar') return undefined;
  const text = scalar.value === null ? '' : String(scalar.value);
  const template = scalar.tag === undefined ? secretTemplate(text, scalar, context) : undefined;
  if (template !== undefined) return template;
  const called = scalar.tag === undefined ? functionMade(scalar, text, context) : { tag: scalar.tag, text };
  if (called === undefined) return undefined;
  const known = evaluateTemplate(called.text, scalar, context);
  if (typeof known !== 'string') return undefined;
  if (called.tag === '!exec') return context.host.mayExec ? { exec: known } : undefined;
  if (called.tag !== '!env') return undefined;
  const [name, fallback, ...rest] = wordsOf(known).map((word) => unquoted(word.text));
  if (name === undefined || rest.length > 0) return undefined;
  const found = findVariable(name, fallback, scalar, context);
  return 'source' in found && ('exec' in found.source || /^[A-Za-z_]\w*$/.test(found.source.env)) ? found.source : undefined;
}

/** The function that a text is, or that its template gives. */
function functionMade(scalar: LocatedScalar, text: string, context: EvaluationContext): ReturnType<typeof functionIn> {
  const written = functionIn(text);
  if (written !== undefined || !text.includes('{{')) return written;
  const made = evaluateTemplate(text, scalar, context);
  return typeof made === 'string' ? functionIn(made) : undefined;
}
