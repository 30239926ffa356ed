import { loadDeployment, type Origin, originsOf, resolve, type ScopedComponent } from '../config/index.ts';
import type { JsonObject } from '../engine/index.ts';
import { addressOf } from './workspace/address.ts';
import { targetOf, worktreeOptions } from './workspace/revision.ts';
import type { Workspace } from './workspace/workspace.ts';

export interface DescribeRequest {
  readonly deployment: string;
  /** The deployment's usual one where it is not given. */
  readonly target: string | undefined;
  readonly allTargets: boolean;
  /** This component alone. */
  readonly component: string | undefined;
  /** Where each value is set, too. */
  readonly provenance: boolean;
}

export interface DescribedTarget {
  readonly target: string;
  /** Atmos's sections, by address. */
  readonly components: Readonly<Record<string, JsonObject>>;
  /** By address and JSON pointer. */
  readonly provenance?: Readonly<Record<string, Readonly<Record<string, Origin>>>>;
}

/** What targets resolve to, in the working tree: one at a time, since of a thousand all would not fit. @throws AtmosError what is wrong in the configuration */
export async function* describe(workspace: Workspace, request: DescribeRequest): AsyncGenerator<DescribedTarget> {
  const { deployment: name, component, provenance } = request;
  const deployment = await loadDeployment(workspace, name);
  const targets = request.allTargets ? deployment.targets : [await targetOf(workspace, name, request.target)];
  const options = { ...worktreeOptions(workspace), history: provenance };
  for (const target of targets) {
    const scope = await resolve(workspace, deployment, target, options);
    const components = chosen(scope.components, component);
    yield {
      target,
      components: Object.fromEntries(components.map(({ address, sections }) => [address, sections])),
      ...(provenance ? { provenance: Object.fromEntries(components.map((one) => [one.address, originsOf(one)])) } : {}),
    };
  }
}

function chosen(components: Readonly<Record<string, ScopedComponent>>, name: string | undefined): readonly ScopedComponent[] {
  const address = name === undefined ? undefined : addressOf(name, Object.keys(components));
  return Object.values(components).filter((component) => address === undefined || component.address === address);
}
