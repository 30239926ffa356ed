import { listDeployments, validateDeployments } from '../config/index.ts';
import { AtmosError } from '../engine/index.ts';
import { examineWith } from './workspace/kinds.ts';
import { worktreeOptions } from './workspace/revision.ts';
import type { Workspace } from './workspace/workspace.ts';

export interface Validation {
  /** The deployments that were looked at. */
  readonly names: readonly string[];
  readonly errors: readonly AtmosError[];
}

/** Checks one deployment, or all that there are. What is no error is a warning. @throws AtmosError `no-deployments` */
export async function validate(workspace: Workspace, name: string | undefined): Promise<Validation> {
  const { project } = workspace;
  const names = name === undefined ? (await deployments(workspace)).map((one) => one.name) : [name];
  if (names.length === 0) {
    throw new AtmosError(`there are no deployments in ${project.deployments.basePath}/`, {
      kind: 'invalid',
      code: 'no-deployments',
      hint: 'create deployments/<name>.yaml, or set deployments.base_path in atmos.yaml',
    });
  }
  for (const one of project.unread) workspace.warn(one);
  const { errors, warnings } = await validateDeployments(workspace, names, {
    ...worktreeOptions(workspace),
    examine: examineWith(workspace.kinds),
  });
  for (const one of warnings) workspace.warn(one);
  return { names, errors };
}

/** The deployments of a repository. */
export async function deployments(workspace: Workspace): ReturnType<typeof listDeployments> {
  return listDeployments(workspace);
}
