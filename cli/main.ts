import { writeSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { codeDirectory } from './start/code-directory.ts';
import { HELP } from './start/help.ts';

/** As `engines` of package.json. */
const [MAJOR, MINOR] = [22, 22];
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < MAJOR || (major === MAJOR && minor < MINOR)) {
  writeSync(
    2,
    `✖ error: atmos-deployment needs Node.js ${MAJOR}.${MINOR} or newer, and this is ${process.versions.node}\n  install it (https://nodejs.org), or run it with one that a package brings: npx --package node@24 -- node "$(command -v atmos-deployment)"\n`,
  );
  process.exit(4);
}

const [first, ...rest] = process.argv.slice(2);
if (rest.length === 0 && (first === '--help' || first === '-h' || first === undefined)) {
  // Rendered when this was built: the whole command line need not be loaded to say what there is. A pipe holds all of it.
  try {
    writeSync(1, HELP);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error;
  }
  process.exit(first === undefined ? 2 : 0);
}
const kept = codeDirectory();
if (kept !== undefined) enableCompileCache(kept);
const { exit, runProgram } = await import('./program.ts');
// Everything was awaited and closed: there is nothing to wait for any more.
await exit(await runProgram(process.argv.slice(2)));
