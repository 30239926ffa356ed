import { enableCompileCache } from 'node:module';
import { HELP } from './help.ts';

// Who reads may go before we have said all, as `head` does: what is under way goes on, and ends as it should.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

const [first, ...rest] = process.argv.slice(2);
if (rest.length === 0 && (first === '--help' || first === '-h' || first === undefined)) {
  // Rendered when this was built: the whole command line need not be loaded to say what there is.
  process.stdout.write(HELP);
  await exit(first === undefined ? 2 : 0);
}
enableCompileCache();
const { runProgram } = await import('./program.ts');
// Everything was awaited and closed: there is nothing to wait for any more.
await exit(await runProgram(process.argv.slice(2)));

/** Ends this process once what it said has left it: a pipe takes 64 KiB, the rest waits for its reader. */
async function exit(code: number): Promise<never> {
  for (const stream of [process.stdout, process.stderr]) {
    if (stream.writableLength > 0) await new Promise<void>((resolve) => void stream.write('', () => resolve()));
  }
  process.exit(code);
}
