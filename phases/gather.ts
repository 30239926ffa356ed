import { dirname, join, relative } from 'node:path/posix';
import {
  backendOfItsOwn,
  inspectModule,
  type Scope,
  type ScopedComponent,
  type TerraformModule,
  testModules,
  withGenerated,
} from '../config/index.ts';
import { AtmosError, type Digest, makeTree, prettyJson, type Tree, together } from '../engine/index.ts';
import { importSource, type SourceFile } from '../vendoring/index.ts';
import { baseOf, type Ground, imageNames, type SourceOf } from './ground.ts';
import { includedIn, singleFile } from './included.ts';
import { findProviders, mirrorTree, notMirrored } from './mirror.ts';
import { gatherPolicies } from './policies.ts';
import type { Sources } from './sources.ts';

/** Reads all that the expansion of a scope needs: source trees, provider mirrors, pinned images. */
export async function gatherGround(scope: Scope, from: Sources): Promise<Ground> {
  const images = pinnedImages(scope, from);
  const bases: Record<string, Digest> = {};
  const directories = new Set<string>();
  const recorded: Sources = {
    ...from,
    async entries(dir) {
      directories.add(dir);
      const files = await from.entries(dir);
      // What links lead to is part of it, too.
      for (const { real } of files) if (real !== undefined) directories.add(relative(from.prefix, real));
      return files;
    },
  };
  const found = await together(Object.values(scope.components), async (component) => {
    const source = component.kind === 'terraform' ? await terraformSource(component, recorded) : await plainSource(component, recorded);
    return [component.address, source] as const;
  });
  const policies = await together(
    Object.values(scope.components),
    async (component) => [component.address, await gatherPolicies(component, recorded)] as const,
  );
  for (const component of Object.values(scope.components)) {
    if (component.kind !== 'nixpack') continue;
    const name = baseOf(component.sections);
    const image = images[name];
    if (image !== undefined) bases[name] ??= await from.image(image.digest);
  }
  return {
    directories: [...directories].sort(),
    sources: Object.fromEntries(found),
    policies: Object.fromEntries(policies.filter(([, own]) => own.length > 0)),
    images,
    bases,
  };
}

function pinnedImages(scope: Scope, { lock, references }: Sources): Ground['images'] {
  const images: Record<string, { reference: string; digest: Digest }> = {};
  for (const name of imageNames(scope)) {
    const reference = references[name] ?? name;
    const pin = lock.images[name];
    if (pin === undefined || pin.reference !== reference) {
      throw new AtmosError(
        pin === undefined
          ? `image "${name}" (${reference}) is not pinned`
          : `image "${name}" is pinned as ${pin.reference}, but atmos.yaml says ${reference}`,
        {
          kind: 'invalid',
          code: 'image-not-pinned',
          hint: `commit deployments/${scope.deployment}.lock.yaml, once it is pinned there: atmos-deployment images ${reference === name && !/[/:@]/.test(name) ? 'build' : 'pull'} ${scope.deployment}`,
        },
      );
    }
    images[name] = pin;
  }
  return images;
}

async function plainSource(component: ScopedComponent, from: Sources): Promise<SourceOf> {
  const tree = await importSource(from.store, [{ at: '', files: await sourceFiles(component, component.source, from) }]);
  return { tree: await from.store.putTree(tree), root: '', providers: undefined, providerNames: [], isLocked: false, hasTests: false };
}

async function sourceFiles(component: ScopedComponent, dir: string, from: Sources): Promise<readonly SourceFile[]> {
  const files = await from.entries(dir);
  if (files.length > 0) return files;
  throw new AtmosError(`${component.address}: there is nothing in ${dir}`, {
    kind: 'invalid',
    code: 'no-source',
    hint: 'is the path right, and are its files in Git? `git add` new ones',
  });
}

/** The root module and every local module that it uses, laid out as they lie to one another in the repository. */
async function terraformSource(component: ScopedComponent, from: Sources): Promise<SourceOf> {
  refuseCommand(component);
  const dirs = new Map<string, TerraformModule>();
  const config = withGenerated(from.config, component.source, component.generated);
  const visit = async (dir: string): Promise<void> => {
    if (dirs.has(dir)) return;
    const module = await inspectModule(config, dir, from.cache, component.sections.command);
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
    providers: await providersOf([...dirs.values()], lock, from),
    providerNames: [...requirementsOf([...dirs.values()]).keys()].sort(),
    isLocked: lock.entries.length > 0,
    hasTests: tree.entries.some(({ path }) => /\.tftest\.(hcl|json)$/.test(path)),
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

/** Terraform would follow a link, and find what happens to be there where it runs. In an image, it means the image's own files. @throws AtmosError `link-outside` */
function refuseOutside({ address }: ScopedComponent, files: readonly SourceFile[]): void {
  const found = files.find(({ outside }) => outside !== undefined);
  if (found === undefined) return;
  throw new AtmosError(`${address}: ${found.outside} is a link to what is not in the Git repository`, {
    kind: 'invalid',
    code: 'link-outside',
    hint: 'links are followed to what Git has: put the files into it, with a relative link; is something ignored?',
  });
}

/** A directory relative to the Git repository's root. @throws AtmosError `path-escape` */
function inRepository(component: ScopedComponent, dir: string, { prefix }: Sources): string {
  const path = join(prefix, dir);
  if (path !== '..' && !path.startsWith('../')) return path === '.' ? '' : path;
  throw new AtmosError(`${component.address}: ${dir} is not in the Git repository`, {
    kind: 'invalid',
    code: 'path-escape',
    hint: 'modules must lie in the repository',
  });
}

/** Terraform and OpenTofu are in images of ours; another program would not do what they do. @throws AtmosError `not-supported` */
function refuseCommand({ address, sections }: ScopedComponent): void {
  const { command = 'terraform' } = sections;
  if (command === 'terraform' || command === 'tofu') return;
  throw new AtmosError(`${address}: its command can't be ${JSON.stringify(command)}`, {
    kind: 'invalid',
    code: 'not-supported',
    hint: 'it is "terraform" or "tofu"; which version, say deployments.images of atmos.yaml',
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
  const path = root === '' ? '.terraform.lock.hcl' : `${root}/.terraform.lock.hcl`;
  return { entries: tree.entries.filter((entry) => entry.path === path).map((entry) => ({ ...entry, path: '.terraform.lock.hcl' })) };
}

/** Providers come from the mirror where there is one; else from their registry, by what is required and locked and nothing more. */
export async function providersOf(
  modules: readonly TerraformModule[],
  lock: Tree,
  from: Pick<Sources, 'store' | 'providers'>,
): Promise<SourceOf['providers']> {
  const required = requirementsOf(modules);
  if (required.size === 0) return undefined;
  const names = [...required.keys()].sort();
  const { configured, implied } = from.providers;
  const found = await findProviders(configured === undefined ? implied : [configured], names);
  if (found !== undefined) return mirrorTree(found, from.store);
  if (configured !== undefined) throw notMirrored(configured, names);
  const requirements = [...required]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([source, versions], index) => {
      const version = [...versions].sort().join(', ');
      return [`provider${index}`, version === '' ? { source } : { source, version }] as const;
    });
  const text = prettyJson({ terraform: { required_providers: Object.fromEntries(requirements) } });
  const tree = makeTree([
    ...lock.entries,
    { path: 'main.tf.json', mode: '644', digest: await from.store.put(text), size: Buffer.byteLength(text) },
  ]);
  return { requirements: await from.store.putTree(tree) };
}

/** Version constraints by provider, those of all modules together. */
function requirementsOf(modules: readonly TerraformModule[]): ReadonlyMap<string, ReadonlySet<string>> {
  const required = new Map<string, Set<string>>();
  for (const { requiredProviders } of modules) {
    for (const { source, version } of Object.values(requiredProviders)) {
      if (source.startsWith('terraform.io/builtin/')) continue;
      const versions = required.get(source) ?? new Set();
      if (version !== undefined) versions.add(version);
      required.set(source, versions);
    }
  }
  return required;
}
