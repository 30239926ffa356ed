import { type Functions, parseTemplate, render, TemplateError, type Value, withFunctions } from '../../gotemplate/index.ts';
import { errorAt, type Located, type LocatedMap, type Merger, mapOf, member, type Place, plain, textOf } from '../../yaml/index.ts';
import { templateData } from '../templates/template-data.ts';

/** A file that is to be opened, and what its templates are to read. */
export interface Import {
  readonly path: string;
  readonly at: Place;
  /** What imports give by `context`. */
  readonly context: LocatedMap | undefined;
  /** That, and the sections of importing files that have locals. */
  readonly given: LocatedMap | undefined;
  /** The settings, vars and env of what was imported before, for the paths of imports. */
  readonly said: LocatedMap | undefined;
  readonly optional: boolean;
  /** Do not process templates in the imported file. */
  readonly raw: boolean;
  /** What its context does not have prints as `<no value>`. */
  readonly lenient: boolean;
  /** The file that imports it. */
  readonly from: string | undefined;
  /** That file, with those that led to it. */
  readonly chain: readonly string[];
}

/** What an import stands in. */
export interface Importing {
  readonly from: string;
  readonly chain: readonly string[];
  /** How the importing file was opened itself. */
  readonly outer: Import;
  /** What that file gives to those that it imports. */
  readonly given: LocatedMap | undefined;
  readonly said: LocatedMap | undefined;
}

export interface ImportRules {
  readonly merger: Merger;
  readonly functions: Functions;
  /** Whether paths are templates. */
  readonly isTemplated: boolean;
  /** What a template lacks prints as `<no value>`, whatever the import says. */
  readonly ignoreMissing: boolean;
}

/** A declared stack, which nothing imports. */
export function declared(path: string, at: Place, lenient: boolean): Import {
  const nothing = { context: undefined, given: undefined, said: undefined, from: undefined };
  return { path, at, ...nothing, optional: false, raw: false, lenient, chain: [] };
}

/** One item of a list `import`. @throws AtmosError `wrong-type`, `template` */
export function importOf(item: Located, { from, chain, outer, given, said }: Importing, rules: ImportRules): Import {
  const { merger, functions, isTemplated, ignoreMissing } = rules;
  const isMap = item.kind === 'map';
  const flag = (name: string): boolean => isMap && plain(member(item, name)) === true;
  const written = isMap ? member(item, 'path') : item;
  const path = textOf(written, isMap ? '"path"' : 'an import');
  if (written === undefined || path === undefined) {
    throw errorAt(item.at, `an import names no ${isMap ? '"path"' : 'stack'}`, { code: 'wrong-type' });
  }
  const own = isMap ? mapOf(member(item, 'context'), '"context"') : undefined;
  // What was given to the importing file counts more than what it gives itself.
  const context = notEmpty(merger.all([own, outer.context]));
  const raw = flag('skip_templates_processing');
  const lenient = flag('ignore_missing_template_values') || ignoreMissing;
  const data = templateData(merger.all([said, own]));
  return {
    path: path.includes('{{') && isTemplated && !raw ? rendered(path, written.at, { data, functions, lenient }) : path,
    at: item.at,
    context,
    given: notEmpty(merger.all([context, given])),
    said,
    optional: flag('skip_if_missing'),
    raw,
    lenient,
    from,
    chain,
  };
}

/** The text that a template of a file gives. @throws AtmosError `template`, at its offset from the text's place */
export function rendered(
  text: string,
  { document, offset }: Place,
  { data, functions, lenient }: { readonly data: Value; readonly functions: Functions; readonly lenient: boolean },
): string {
  try {
    return render(parseTemplate(text), data ?? {}, {
      functions: withFunctions(functions),
      missingKey: lenient ? 'default' : 'error',
    });
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    throw errorAt({ document, offset: offset + error.at, length: 1 }, error.message, { code: 'template', cause: error });
  }
}

function notEmpty(map: LocatedMap | undefined): LocatedMap | undefined {
  return map === undefined || map.entries.size === 0 ? undefined : map;
}
