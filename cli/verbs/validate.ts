import { listDeployments, validateDeployment } from '../../config/index.ts';
import { worktreeOptions } from '../../deploy/index.ts';
import { AtmosError } from '../../engine/index.ts';
import { type Globals, print } from '../globals.ts';
import { inWorkspace } from '../settings.ts';

export async function validate(globals: Globals, name: string | undefined): Promise<void> {
  await inWorkspace(globals, async (workspace) => {
    const { files, project, cache } = workspace;
    const names = name === undefined ? (await listDeployments(files, project, cache)).map((one) => one.name) : [name];
    const errors: AtmosError[] = [];
    for (const one of names) errors.push(...(await validateDeployment(files, project, one, worktreeOptions(workspace))));
    const [first, ...others] = errors;
    if (first !== undefined) {
      const { kind, code, position, hint } = first;
      throw new AtmosError(first.message, { kind, code, position, hint, others });
    }
    await print(globals.format, { valid: names }, () => names.map((one) => `✔ ${one}`).join('\n'));
  });
}
