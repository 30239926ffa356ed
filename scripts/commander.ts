import { readFile } from 'node:fs/promises';
import type { Plugin } from 'rolldown';

/**
 * commander as an ECMAScript module: its files are CommonJS, for which a bundle needs a `require` of Node's and a file of its own, each of which costs a
 * start a millisecond. It also starts other programs as subcommands, which ours are not: what that needs is loaded when it is called.
 */
export const commanderAsModule: Plugin = {
  name: 'commander-as-module',
  async load(id) {
    if (id.endsWith('/commander/esm.mjs')) return "export * from './index.js';";
    if (!/\/commander\/(index|lib\/\w+)\.js$/.test(id)) return undefined;
    const code = (await readFile(id, 'utf8'))
      .replaceAll(/^const (\{[^}]*\}) = require\('(\.[^']*)'\);$/gm, (_, names: string, path: string) => {
        return `import ${names.replaceAll(':', ' as')} from '${path}';`;
      })
      .replace("require('node:child_process')", `{ spawn: (...args) => ${builtin("'node:child_process'")}.spawn(...args) }`)
      .replaceAll(/require\(('node:\w+')\)/g, (_, name: string) => builtin(name))
      .replaceAll(/^exports\.(\w+) = (\w+);.*$/gm, 'export { $2 as $1 };')
      .replaceAll(/^exports\.(\w+) = /gm, 'export const $1 = ');
    if (/\brequire\(|\bexports\./.test(code)) throw new Error(`commander is written differently than it was: ${id}`);
    return { code, moduleType: 'js' };
  },
};

function builtin(name: string): string {
  return `globalThis.process.getBuiltinModule(${name})`;
}
