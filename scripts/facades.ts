import type { Plugin } from 'rolldown';

/** A file that hands on what another one has, by the same names, and does nothing else. */
const FACADE = /^export\s*\{\s*[\w$]+(?:\s*,\s*[\w$]+)*\s*\}\s*from\s*[`"']\.\/([\w.-]+)[`"'];?\s*$/;

/** Leaves out files that only hand on what others have: whoever imports one imports what is behind it. Each file costs a start a millisecond. */
export const withoutFacades: Plugin = {
  name: 'without-facades',
  generateBundle(_, bundle) {
    const chunks = Object.values(bundle).filter((file) => file.type === 'chunk');
    for (const facade of chunks) {
      const [, behind] = FACADE.exec(facade.code) ?? [];
      if (behind === undefined || facade.isEntry) continue;
      for (const chunk of chunks) chunk.code = chunk.code.replaceAll(`./${facade.fileName}`, `./${behind}`);
      delete bundle[facade.fileName];
    }
  },
};
