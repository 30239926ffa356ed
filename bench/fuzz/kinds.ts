import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pack } from 'tar-stream';
import { KINDS_OF_RULES } from '../../app/workspace/kinds.ts';
import { type ConfigFiles, loadDeployment, loadProject, resolve, validateDeployments } from '../../config/index.ts';
import { readImageConfig } from '../../containers/images/image.ts';
import { treeOfTar } from '../../containers/images/untar.ts';
import { AtmosError, diskError, openStore, parseTree, type Store, sha256 } from '../../engine/index.ts';
import { FUNCTIONS, parseTemplate, render, TemplateError, withFunctions } from '../../gotemplate/index.ts';
import { RegistryError, readManifest } from '../../oci/index.ts';
import { type FileRefs, gitReleases, type StoredFile } from '../../releases/index.ts';
import { Locks, type Refs, type Repository } from '../../tracking/index.ts';
import { readRecord, readState } from '../../tracking/upgrade.ts';
import { type Chance, oddBytes, oddJson, oddText } from './random.ts';
import { type Seeds, TEMPLATES, TOKENS, YAML } from './seeds.ts';

/** Takes one input of a kind; what it throws is judged by `isAnswer`. */
export type Kind = (chance: Chance) => Promise<unknown>;

/** Whether an error says what is wrong with an input, and is no fault of ours. */
export function isAnswer(error: unknown): boolean {
  return (
    (error instanceof AtmosError && error.code !== 'internal') ||
    diskError(error) !== undefined ||
    error instanceof TemplateError ||
    error instanceof RegistryError
  );
}

const NAMES = [
  'a',
  'b',
  'a/b',
  'a/b/c',
  '../x',
  '/abs',
  '.',
  '..',
  'a/../b',
  '.git/config',
  'a/.GIT/x',
  '',
  'a//b',
  'ü',
  'x'.repeat(300),
  'a\0b',
  '.wh.a',
  '.wh..wh..opq',
];
const TYPES = ['file', 'directory', 'symlink', 'link', 'fifo', 'character-device', 'block-device', 'contiguous-file'] as const;

/** All kinds; what they lay out goes below `dir`. */
export function kindsIn(dir: string, seeds: Seeds): Readonly<Record<string, Kind>> {
  mkdirSync(dir, { recursive: true });
  const store: Store = openStore(join(dir, 'store'));
  const materialize = async (digest: Awaited<ReturnType<Store['putTree']>>): Promise<void> => void (await store.checkOut(digest));
  return {
    async trees(chance) {
      const content = 'content';
      const digest = await store.put(content);
      const entry = () => ({ path: chance.of(NAMES), mode: chance.of(['644', '755', 'link', 'directory']), digest, size: content.length });
      const entries: unknown = Array.from({ length: 1 + chance.below(4) }, entry);
      const text = JSON.stringify({ entries: chance.below(3) === 0 ? oddJson(entries, chance) : entries });
      const tree = parseTree(chance.below(4) === 0 ? oddText(text, TOKENS, chance) : text);
      await materialize(await store.putTree(tree));
    },

    async archives(chance) {
      const archive = pack();
      for (let count = 1 + chance.below(6); count > 0; count -= 1) {
        const type = chance.of(TYPES);
        const header = {
          name: chance.of(NAMES).replaceAll('\0', '') || 'n',
          type,
          mode: chance.below(0o10000),
          linkname: chance.of(NAMES).replaceAll('\0', '') || 'l',
        };
        if (type === 'file' || type === 'contiguous-file') archive.entry(header, 'content');
        else archive.entry(header);
      }
      archive.finalize();
      const bytes = await buffer(archive);
      const tree = await treeOfTar(Readable.from([chance.below(2) === 0 ? bytes : oddBytes(bytes, chance)]), store);
      await materialize(await store.putTree(tree));
    },

    async manifests(chance) {
      const odd = JSON.stringify(oddJson(chance.of(seeds.manifests), chance));
      const text = chance.below(3) === 0 ? oddText(odd, TOKENS, chance) : odd;
      if (chance.below(2) === 0) readManifest(Buffer.from(text));
      else readImageConfig(Buffer.from(text));
    },

    async yaml(chance) {
      const name = chance.of(Object.keys(YAML));
      const all: Readonly<Record<string, string>> = { ...YAML, [name]: oddText(YAML[name] ?? '', TOKENS, chance) };
      const files: ConfigFiles = {
        read: async (path) => (all[path] === undefined ? undefined : Buffer.from(all[path])),
        list: async (below) => Object.keys(all).filter((path) => path.startsWith(`${below}/`)),
      };
      const options = { git: () => undefined, remote: () => undefined, env: { REGION: 'x' }, root: '/nowhere' };
      const project = await loadProject(files, KINDS_OF_RULES);
      // What it runs is nobody's business here.
      const safe = { ...project, deployments: { ...project.deployments, exec: 'deny' as const } };
      await validateDeployments({ files, project: safe }, ['app'], options);
      const deployment = await loadDeployment({ files, project: safe }, 'app');
      for (const target of deployment.targets) await resolve({ files, project: safe }, deployment, target, options);
    },

    async templates(chance) {
      const text = oddText(chance.of(TEMPLATES), TOKENS, chance);
      const data = { vars: { name: 'n', list: [1, 2, 3], map: { a: 'b' }, deep: { list: [{ x: 1 }] } }, count: 3, text: 'some text' };
      render(parseTemplate(text), data, { functions: withFunctions(FUNCTIONS), missingKey: 'default' });
    },

    async ledgers(chance) {
      const record = readRecord(oddJson(chance.of(seeds.records), chance), 'a record');
      await readState(oddJson(chance.of(seeds.states), chance), async () => record, 'a state');
    },

    async locks(chance) {
      const text = JSON.stringify(oddJson(seeds.lock, chance));
      const bytes = chance.below(3) === 0 ? oddBytes(Buffer.from(text), chance) : Buffer.from(text);
      const repository = { readObject: async () => bytes } as unknown as Repository;
      const refs = { read: async () => new Map([['refs/atmos/locks/a/b', '1'.repeat(40)]]), update: async () => true } as unknown as Refs;
      const locks = new Locks(repository, refs);
      await locks.force({ deployment: 'a', target: 'b' });
      await locks.holder({ deployment: 'a', target: 'b' });
    },

    async releases(chance) {
      const files = new Map(chance.of(seeds.releases));
      const name = chance.of([...files.keys(), 'config.json', 'config.json', 'manifest.json']);
      const file = files.get(name) as StoredFile;
      const text = Buffer.from(file.content).toString('utf8');
      const isJson = name.endsWith('.json');
      const content =
        isJson && chance.below(3) > 0 ? Buffer.from(JSON.stringify(oddJson(JSON.parse(text), chance))) : oddBytes(file.content, chance);
      files.set(chance.below(6) === 0 ? `layers/${chance.of(NAMES)}` : name, { ...file, content, mode: chance.of(['644', '755', 'link']) });
      // Digests that fit, so that more than digests is looked at.
      if (name === 'config.json') {
        const manifest = JSON.parse(Buffer.from((files.get('manifest.json') as StoredFile).content).toString('utf8'));
        manifest.config = { ...manifest.config, digest: sha256(files.get('config.json')?.content ?? ''), size: content.length };
        files.set('manifest.json', { mode: '644', content: Buffer.from(JSON.stringify(manifest)) });
      }
      const refs: FileRefs = { read: async () => files, write: async () => '', written: async () => undefined, list: async () => [] };
      const release = await gitReleases(store, refs).read(sha256(files.get('manifest.json')?.content ?? ''));
      for (const digest of Object.values(release.layers)) await materialize(digest);
    },
  };
}
