import type { Plugin } from 'rolldown';

/** Modules of Node's that a start need not have: each is loaded when one of its functions is first called. */
const LATE: ReadonlySet<string> = new Set(['node:child_process', 'node:crypto', 'node:fs/promises', 'node:stream/promises']);
/** What of them is no function. */
const NO_FUNCTIONS: ReadonlySet<string> = new Set(['constants', 'webcrypto', 'subtle']);

/** Imports of Node's own modules as calls: an import looks each up as a URL and reads all that it exports, such as the whole of Web Crypto. */
export const builtinsAsCalls: Plugin = {
  name: 'builtins-as-calls',
  renderChunk(code) {
    return code.replaceAll(/\bimport\s*(\{[^}]*\}|[\w$]+)\s*from\s*["'](node:[\w/]+)["'];?/g, (_, names: string, module: string) => {
      const call = `process.getBuiltinModule("${module}")`;
      if (!LATE.has(module) || !names.startsWith('{')) return `const ${names.replaceAll(/\s+as\s+/g, ':')}=${call};`;
      const imported = names
        .slice(1, -1)
        .split(',')
        .map((one) => one.trim())
        .filter((one) => one !== '');
      return imported
        .map((one) => {
          const [name = '', local = name] = one.split(/\s+as\s+/);
          // A function's own properties are not there before its first call, and a class is no function.
          const use = new RegExp(
            `\\bpromisify(?:\\$\\d+)?\\(${local.replaceAll('$', '\\$')}\\)|\\bnew ${local.replaceAll('$', '\\$')}\\(`,
          ).exec(code);
          if (use !== null) throw new Error(`${use[0]} of ${module}, which is loaded late`);
          // At its first call it becomes the function itself: looking it up costs as much as a digest.
          return NO_FUNCTIONS.has(name)
            ? `const ${local}=${call}.${name};`
            : `let ${local}=(...args)=>(${local}=${call}.${name})(...args);`;
        })
        .join('');
    });
  },
};
