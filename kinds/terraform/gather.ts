import { dirname, join } from 'node:path/posix';
import {
  backendOfItsOwn,
  inspectModule,
  type ScopedComponent,
  type TerraformModule,
  testModules,
  withGenerated,
} from '../../config/index.ts';
import { AtmosError, isObject, type Tree } from '../../engine/index.ts';
import { inRepository, refuseOutside, type SourceOf, type Sources, singleFile, sourceFiles } from '../../phases/index.ts';
import { importSource, type SourceFile } from '../../vendoring/index.ts';
import { COMMANDS, commandOf } from './command.ts';
import { LOCK_FILE } from './layers.ts';
import { providerNames, providersOf } from './providers.ts';

/** The root module and every local module that it uses, laid out as they lie to one another in the repository. */
export async function terraformSource(component: ScopedComponent, from: Sources): Promise<SourceOf> {
  refuseCommand(component);
  const dirs = new Map<string, TerraformModule>();
  const config = withGenerated(from.config, component.source, component.generated);
  const visit = async (dir: string): Promise<void> => {
    if (dirs.has(dir)) return;
    const module = await inspectModule({ files: config, cache: from.cache }, dir, component.sections.command);
    const backend = dir === component.source ? backendOfItsOwn(component, module) : undefined;
    if (backend !== undefined) throw backend;
    dirs.set(dir, module);
    for (const local of module.localModules) await visit(join(dir, local));
  };
  await visit(component.source);
  for (const dir of await testModules(from.config, component.source)) await visit(dir);
  const included = includedIn(component).map((path) => join(path));
  const outside = [...dirs.keys(), ...included].filter((dir) => dir !== component.source && !dir.startsWith(`${component.source}/`));
  const ancestor = commonAncestor(
    [component.source, ...outside].map((dir) => inRepository(component, included.includes(dir) ? dirname(dir) : dir, from)),
  );
  const at = (dir: string): string => inRepository(component, dir, from).slice(ancestor.length).replace(/^\//, '');
  const directories = [];
  for (const dir of [component.source, ...outside]) {
    const file = included.includes(dir) ? await singleFile(dir, from) : undefined;
    const found = file === undefined ? await sourceFiles(component, dir, from) : [file];
    const files = dir === component.source ? overGenerated(found, component.generated) : found;
    refuseOutside(component, files);
    directories.push({ at: at(file === undefined ? dir : dirname(dir)), files });
  }
  const tree = await importSource(from.store, directories);
  const root = at(component.source);
  const lock = lockIn(tree, root);
  return {
    tree: await from.store.putTree(tree),
    root,
    module: {
      providers: await providersOf([...dirs.values()], lock, commandOf(component), from),
      providerNames: providerNames([...dirs.values()], commandOf(component)),
      isLocked: lock.entries.length > 0,
      hasTests: tree.entries.some(({ path }) => /\.tftest\.(hcl|json)$/.test(path)),
    },
  };
}

/** The files of a root module with those that its stacks have written there. */
function overGenerated(files: readonly SourceFile[], generated: Readonly<Record<string, string>> = {}): readonly SourceFile[] {
  const own = Object.entries(generated).map(
    ([path, text]): SourceFile => ({ path: join(path), mode: '644', read: async () => Buffer.from(text) }),
  );
  const names = new Set(own.map(({ path }) => path));
  return [...files.filter(({ path }) => !names.has(path)), ...own];
}

/** Terraform and OpenTofu are in images of ours; another program would not do what they do. @throws AtmosError `not-supported` */
function refuseCommand(component: ScopedComponent): void {
  const command = commandOf(component);
  if (COMMANDS.includes(command)) return;
  throw new AtmosError(`${component.address}: its command can't be ${JSON.stringify(component.sections.command)}`, {
    kind: 'invalid',
    code: 'not-supported',
    hint: `it is ${COMMANDS.map((one) => `"${one}"`).join(' or ')}; its version is set by deployments.images in atmos.yaml`,
  });
}

function commonAncestor(dirs: readonly string[]): string {
  const [first = [], ...others] = dirs.map((dir) => dir.split('/'));
  let length = first.length;
  for (const other of others) {
    let same = 0;
    while (same < length && other[same] === first[same]) same += 1;
    length = same;
  }
  return first.slice(0, length).join('/');
}

function lockIn(tree: Tree, root: string): Tree {
  const path = root === '' ? LOCK_FILE : `${root}/${LOCK_FILE}`;
  return { entries: tree.entries.filter((entry) => entry.path === path).map((entry) => ({ ...entry, path: LOCK_FILE })) };
}

/** `settings.terraform.include`: files and directories outside of the component that it reads, relative to the root. */
function includedIn({ sections }: ScopedComponent): readonly string[] {
  const settings = isObject(sections.settings) ? sections.settings.terraform : undefined;
  const include = isObject(settings) ? settings.include : undefined;
  return Array.isArray(include) ? include.filter((path): path is string => typeof path === 'string') : [];
}
