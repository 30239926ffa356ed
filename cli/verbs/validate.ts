import { listDeployments, validateDeployment } from '../../config/index.ts';
import { worktreeOptions } from '../../deploy/index.ts';
import { AtmosError } from '../../engine/index.ts';
import { type Globals, print } from '../globals.ts';
import { inWorkspace } from '../settings.ts';

export async function validate(globals: Globals, name: string | undefined, options: { readonly sarif: boolean }): Promise<void> {
  await inWorkspace(globals, async (workspace) => {
    const { files, project, cache } = workspace;
    const names = name === undefined ? (await listDeployments(files, project, cache)).map((one) => one.name) : [name];
    const errors: AtmosError[] = [];
    for (const one of names) errors.push(...(await validateDeployment(files, project, one, worktreeOptions(workspace))));
    if (options.sarif) {
      const text = JSON.stringify((await import('../sarif.ts')).sarif(errors), null, 2);
      process.stdout.write(`${text}\n`);
    }
    const [first, ...others] = errors;
    if (first !== undefined) {
      const { kind, code, position, hint } = first;
      throw new AtmosError(first.message, { kind, code, position, hint, others });
    }
    if (options.sarif) return;
    await print(globals.format, { valid: names }, () => names.map((one) => `✔ ${one}`).join('\n'));
  });
}
