import type { ScopedComponent } from '../config/index.ts';
import { AtmosError } from '../engine/index.ts';
import { importSource, type SourceFile } from '../vendoring/index.ts';
import type { SourceOf } from './inputs.ts';
import type { Sources } from './sources.ts';

/** A directory of the repository as it is. @throws AtmosError `no-source` */
export async function plainSource(component: ScopedComponent, from: Sources): Promise<SourceOf> {
  const tree = await importSource(from.store, [{ at: '', files: await sourceFiles(component, component.source, from) }]);
  return { tree: await from.store.putTree(tree), root: '' };
}

/** The files of a directory that a component is made of. @throws AtmosError `no-source` where there are none */
export async function sourceFiles(component: ScopedComponent, dir: string, from: Sources): Promise<readonly SourceFile[]> {
  const files = await from.entries(dir);
  if (files.length > 0) return files;
  throw new AtmosError(`${component.address}: ${dir} is empty or does not exist`, {
    kind: 'invalid',
    code: 'no-source',
    hint: 'check the path, and `git add` new files',
  });
}
