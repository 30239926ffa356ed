import { join } from 'node:path/posix';
import type { ScopedComponent } from '../../config/index.ts';
import { inRepository, refuseOutside, type SourceOf, type Sources, singleFile, sourceFiles } from '../../phases/index.ts';
import { importSource, type SourceFile } from '../../vendoring/index.ts';
import type { Commands } from './commands.ts';

/**
 * The directory of a component with the files and directories that its `inputs` name, each where it is in the Git repository. A component that is commands alone
 * needs no directory, unless it names one.
 * @throws AtmosError `no-source`, `path-escape`, `link-outside`
 */
export async function commandSource(component: ScopedComponent, { inputs }: Commands, from: Sources): Promise<SourceOf> {
  const { source, sections, name } = component;
  const isNamed = sections.component !== name;
  const own = isNamed ? await sourceFiles(component, source, from) : await from.entries(source);
  const root = own.length === 0 ? '' : inRepository(component, source, from);
  const directories: { at: string; files: readonly SourceFile[] }[] = own.length === 0 ? [] : [{ at: root, files: own }];
  for (const path of inputs.map((one) => join(one).replace(/\/$/, ''))) {
    const at = inRepository(component, path, from);
    const file = await singleFile(path, from);
    if (file === undefined) directories.push({ at, files: await sourceFiles(component, path, from) });
    else directories.push({ at: at.split('/').slice(0, -1).join('/'), files: [file] });
  }
  for (const { files } of directories) refuseOutside(component, files);
  return { tree: await from.store.putTree(await importSource(from.store, directories)), root };
}
