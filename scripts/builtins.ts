import type { Plugin } from 'rolldown';

/** Imports of Node's own modules as calls: an import looks each up as a URL and reads all that it exports, such as the whole of Web Crypto. */
export const builtinsAsCalls: Plugin = {
  name: 'builtins-as-calls',
  renderChunk(code) {
    return code.replaceAll(/\bimport\s*(\{[^}]*\}|[\w$]+)\s*from\s*["'](node:[\w/]+)["'];?/g, (_, names: string, module: string) => {
      return `const ${names.replaceAll(/\s+as\s+/g, ':')}=process.getBuiltinModule("${module}");`;
    });
  },
};
