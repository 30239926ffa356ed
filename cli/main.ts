import { enableCompileCache } from 'node:module';

enableCompileCache();
const { runProgram } = await import('./program.ts');
// Everything was awaited and closed: there is nothing to wait for any more.
process.exit(await runProgram(process.argv.slice(2)));
