import { worktreeOptions } from '../../app/index.ts';
import { listDeployments, validateDeployments } from '../../config/index.ts';
import { AtmosError, asOne } from '../../engine/index.ts';
import { writeOut } from '../../reports/index.ts';
import { type Globals, print } from '../answers/globals.ts';
import { report } from '../command/errors.ts';
import { inWorkspace } from '../command/settings.ts';

export async function validate(globals: Globals, name: string | undefined, options: { readonly sarif: boolean }): Promise<void> {
  await inWorkspace(globals, async (workspace) => {
    const { files, project, cache } = workspace;
    const names = name === undefined ? (await listDeployments(files, project, cache)).map((one) => one.name) : [name];
    if (names.length === 0) {
      throw new AtmosError(`there are no deployments in ${project.deployments.basePath}/`, {
        kind: 'invalid',
        code: 'no-deployments',
        hint: 'a deployment is a file there, <name>.yaml; deployments.base_path of atmos.yaml may name another directory',
      });
    }
    for (const one of project.unread) workspace.warn(one);
    const { errors, warnings } = await validateDeployments(files, project, names, worktreeOptions(workspace));
    for (const one of warnings) workspace.warn(one);
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
