import type { KindPackage } from '../config/index.ts';
import type { PackagedKinds } from './packages.ts';

/** The kinds that come with the program, with what is done with kinds: most of its code, which is loaded where something is to run. */
export async function loadKinds(): Promise<typeof import('./kinds.ts')> {
  return import('./kinds.ts');
}

/** The kinds that npm packages have, as `deployments.kinds` of `atmos.yaml` names them. */
export async function loadPackages(root: string, packages: readonly KindPackage[]): Promise<PackagedKinds> {
  return packages.length === 0 ? {} : (await import('./packages.ts')).loadPackages(root, packages);
}
