import { build, type Plugin } from 'rolldown';
import { parseAst } from 'rolldown/parseAst';
import { builtinsAsCalls } from './builtins.ts';

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/**
 * Puts the code that each start needs into a script, whose functions can be kept as they were compiled, and leaves a module of the same name that runs it and
 * has its exports. Saves 12 of 37 ms of a `describe`.
 */
export function asScript(name: string, loader: string, verbs: readonly string[]): Plugin {
  return {
    name: 'as-script',
    async generateBundle(_, bundle) {
      const chunk = Object.values(bundle).find((file) => file.type === 'chunk' && file.name === name);
      if (chunk?.type !== 'chunk') throw new Error(`there is no ${name}`);
      const { code, exported } = scriptOf(chunk.code);
      this.emitFile({ type: 'asset', fileName: chunk.fileName.replace(/\.js$/, '.script'), source: code });
      chunk.code = `${await loaderCode(loader, verbs)}\nexport const {${exported.join(',')}}=loadScript(import.meta,(path)=>import(path));\n`;
    },
  };
}

/** A module as a function of its `import.meta` and `import()` that returns its exports. None of them may change afterwards. */
function scriptOf(module: string): { readonly code: string; readonly exported: readonly string[] } {
  const { body } = parseAst(module, { lang: 'js', sourceType: 'module' });
  const exported: { readonly name: string; readonly local: string }[] = [];
  const edits: Edit[] = [];
  for (const node of body) {
    if (node.type === 'ExportNamedDeclaration' && node.declaration === null && node.source === null) {
      for (const { exported: as, local } of node.specifiers) exported.push({ name: nameOf(as), local: nameOf(local) });
      edits.push({ start: node.start, end: node.end, text: '' });
    } else if (/^(Import|Export)/.test(node.type)) throw new Error(`a script has no ${node.type}: ${module.slice(node.start, node.end)}`);
  }
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    const { type, start, end } = node as { readonly type?: string; readonly start: number; readonly end: number };
    if (type === 'MetaProperty' && module.slice(start, end) === 'import.meta') edits.push({ start, end, text: '__meta' });
    else {
      // In a script it would be an experimental feature of Node's.
      if (type === 'ImportExpression') edits.push({ start, end: start + 'import'.length, text: '__import' });
      Object.values(node).forEach(visit);
    }
  };
  visit(body);
  const text = edits
    .sort((one, other) => other.start - one.start)
    .reduce((all, { start, end, text }) => all.slice(0, start) + text + all.slice(end), module);
  const returned = exported.map(({ name, local }) => `${name}:${local}`).join(',');
  return { code: `(function(__meta,__import){"use strict";${text}\nreturn{${returned}}})`, exported: exported.map(({ name }) => name) };
}

function nameOf(node: { readonly type: string; readonly name?: string }): string {
  if (node.name === undefined) throw new Error(`${node.type} is no name`);
  return node.name;
}

/** What runs the script, which is no part of it. */
async function loaderCode(path: string, verbs: readonly string[]): Promise<string> {
  const { output } = await build({
    input: path,
    platform: 'node',
    write: false,
    transform: { target: 'node22', define: { __VERBS__: JSON.stringify(verbs) } },
    plugins: [builtinsAsCalls],
    output: { format: 'esm' },
  });
  return output[0].code.replace(/export \{ loadScript \};\s*$/, '');
}
