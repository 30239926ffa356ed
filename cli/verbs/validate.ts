import { validate } from '../../app/index.ts';
import { asOne } from '../../engine/index.ts';
import { writeOut } from '../../reports/index.ts';
import { type Globals, print } from '../answers/globals.ts';
import { report } from '../command/errors.ts';
import { inWorkspace } from '../command/settings.ts';

export async function validateVerb(globals: Globals, name: string | undefined, options: { readonly sarif: boolean }): Promise<void> {
  await inWorkspace(globals, async (workspace) => {
    const { names, errors } = await validate(workspace, name);
    const failure = asOne(errors);
    if (options.sarif) {
      writeOut(`${JSON.stringify((await import('../answers/sarif.ts')).sarif(errors), null, 2)}\n`);
      // The log on stdout is the answer, whatever the format: people read the same on stderr.
      if (failure !== undefined) process.exitCode = await report(failure, 'table');
      return;
    }
    if (failure !== undefined) throw failure;
    await print(globals.format, { valid: names }, () => names.map((one) => `✔ ${one}`).join('\n'));
  });
}
