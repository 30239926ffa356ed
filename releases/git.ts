import {
  AtmosError,
  canonicalJson,
  type Digest,
  type FileMode,
  hasGitPart,
  hex,
  isDigest,
  makeTree,
  packTreeBytes,
  type Store,
  sha256,
  shortId,
  type TreeEntry,
} from '../engine/index.ts';
import { carriedIn } from './carried.ts';
import { isManifest, isReleaseConfig } from './check.ts';
import { layerOwners, layerPath } from './layer-path.ts';
import type { ReleaseStore } from './store.ts';
import type { Manifest, Release, ReleaseConfig } from './types.ts';

/** A file as it goes to and comes from Git. */
export interface StoredFile {
  readonly mode: FileMode;
  readonly content: Uint8Array;
}

/** Files under a Git ref; the Git module implements it. */
export interface FileRefs {
  /** Writes the files as one commit without parent that depends on nothing but its arguments; moves no ref. Returns its id. */
  write(files: ReadonlyMap<string, StoredFile>, message: string): Promise<string>;
  /** The files, or `undefined` when there is no such ref. */
  read(ref: string): Promise<ReadonlyMap<string, StoredFile> | undefined>;
  /** The commit that a ref of this repository names. */
  written(ref: string): Promise<string | undefined>;
  /** The names of all refs of a pattern that ends with `*`. */
  list(pattern: string): Promise<readonly string[]>;
}

/** Releases under refs of Git. What was written is one of them once its ref names it. */
export function gitReleases(store: Store, refs: FileRefs): ReleaseStore {
  return {
    read: (digest) => readRelease(digest, store, refs),
    write: async (release) => (await refs.written(releaseRef(release.digest))) ?? writeRelease(release, store, refs),
    // A ref that can't be one's is none.
    list: async () => (await refs.list(RELEASES)).map((ref) => `sha256:${ref.slice(ref.lastIndexOf('/') + 1)}`).filter(isDigest),
  };
}

/** The refs of all releases. */
export const RELEASES = 'refs/atmos/releases/*';

/** `refs/atmos/releases/<64 hex digits>`. */
export function releaseRef(digest: Digest): string {
  return `refs/atmos/releases/${hex(digest)}`;
}

/**
 * Writes a release as a commit and returns its id: manifest, config, and each layer's files as ordinary files, so that releases share with one another,
 * and with the repository's own history, whatever they have in common.
 */
async function writeRelease(release: Release, store: Store, refs: FileRefs): Promise<string> {
  const files = new Map<string, StoredFile>();
  const add = (path: string, text: string): void => void files.set(path, { mode: '644', content: Buffer.from(text) });
  add('manifest.json', canonicalJson(release.manifest));
  add('config.json', canonicalJson(release.config));
  for (const [address, digest] of Object.entries(release.layers)) {
    for (const entry of (await store.tree(digest)).entries) {
      const content = await store.get(entry.digest);
      if (content === undefined)
        throw new AtmosError(`object ${entry.digest} is missing from the cache`, { kind: 'failed', code: 'damaged-object' });
      if (entry.mode !== 'directory') files.set(`${layerPath(address)}/${entry.path}`, { mode: entry.mode, content });
    }
  }
  const { deployment, target, commit } = release.config;
  const message = `release ${shortId(release.digest)} of ${deployment} for ${target}\n\nRelease: ${release.digest}\nSource-Commit: ${commit}\n`;
  return refs.write(files, message);
}

/**
 * Reads a release and checks every byte of it against its digest.
 * @throws AtmosError `no-release` when there is none, `tampered-release` when a byte is not what its digest says.
 */
async function readRelease(digest: Digest, store: Store, refs: FileRefs): Promise<Release> {
  const files = await refs.read(releaseRef(digest));
  if (files === undefined) {
    throw new AtmosError(`there is no release ${shortId(digest)} in this repository`, {
      kind: 'invalid',
      code: 'no-release',
      hint: 'list them: atmos-deployment releases   (get those of the remote: git fetch origin "refs/atmos/releases/*:refs/atmos/releases/*")',
    });
  }
  const manifest = checkManifest(files, digest);
  const config = checkConfig(files, manifest, digest);
  const layers: Record<string, Digest> = {};
  const own = layerFiles(files, Object.keys(config.components), digest);
  for (const address of Object.keys(config.components)) {
    layers[address] = await readLayer(own.get(address) ?? new Map(), address, config, manifest, digest, store);
  }
  return { digest, manifest, config, layers };
}

function checkManifest(files: ReadonlyMap<string, StoredFile>, digest: Digest): Manifest {
  const bytes = files.get('manifest.json')?.content;
  if (bytes === undefined) throw tampered(digest, 'its manifest is missing');
  if (sha256(bytes) !== digest) throw tampered(digest, `its manifest has digest ${sha256(bytes)}`);
  const manifest = parsed(bytes);
  if (!isManifest(manifest)) throw tampered(digest, 'its manifest is not one of a release');
  return manifest;
}

/** `undefined` for what is no JSON. */
function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return undefined;
  }
}

function checkConfig(files: ReadonlyMap<string, StoredFile>, manifest: Manifest, digest: Digest): ReleaseConfig {
  const bytes = files.get('config.json')?.content;
  if (bytes === undefined) throw tampered(digest, 'its config is missing');
  if (sha256(bytes) !== manifest.config.digest)
    throw tampered(digest, `its config has digest ${sha256(bytes)}, not ${manifest.config.digest}`);
  const config = parsed(bytes);
  if (!isReleaseConfig(config)) throw tampered(digest, 'its config is not one that this version can read');
  return config;
}

/** The files of each component's layer, by their paths in it. @throws AtmosError `tampered-release` for one that belongs to none */
function layerFiles(
  files: ReadonlyMap<string, StoredFile>,
  addresses: readonly string[],
  digest: Digest,
): ReadonlyMap<string, ReadonlyMap<string, StoredFile>> {
  const layers = new Map<string, Map<string, StoredFile>>();
  const ownerOf = layerOwners([...files.keys()], addresses);
  for (const [path, file] of files) {
    if (path === 'manifest.json' || path === 'config.json') continue;
    const owner = ownerOf(path);
    if (owner === undefined) throw tampered(digest, `it holds ${path}, which no layer has`);
    const layer = layers.get(owner.address) ?? new Map<string, StoredFile>();
    layers.set(owner.address, layer.set(owner.path, file));
  }
  return layers;
}

async function readLayer(
  files: ReadonlyMap<string, StoredFile>,
  address: string,
  config: ReleaseConfig,
  manifest: Manifest,
  digest: Digest,
  store: Store,
): Promise<Digest> {
  const entries: TreeEntry[] = [];
  for (const [path, { mode, content }] of files) {
    if (hasGitPart(path)) throw tampered(digest, `it holds ${path}, which Git keeps for itself`);
    entries.push({ path, mode, digest: await store.put(content), size: content.length });
  }
  const tree = makeTree(entries);
  const bytes = await packTreeBytes(tree, async (content) => {
    const found = await store.get(content);
    if (found === undefined) throw tampered(digest, `object ${content} is missing`);
    return found;
  });
  const actual = sha256(bytes);
  const said = config.components[address]?.layer;
  const listed = manifest.layers.some(
    (layer) => layer.digest === said && layer.annotations?.['org.opencontainers.image.title'] === address,
  );
  if (actual !== said || !listed) throw tampered(digest, `the layer of ${address} has digest ${actual}, not ${said}`);
  // What a promotion goes by is not believed, either.
  const { artifact, source } = carriedIn(tree);
  const component = config.components[address];
  if (artifact !== component?.artifact || source !== component.source)
    throw tampered(digest, `what ${address} is made of has other digests than it says`);
  return store.putTree(tree);
}

function tampered(digest: Digest, what: string): AtmosError {
  return new AtmosError(`release ${shortId(digest)} was tampered with or damaged: ${what}`, {
    kind: 'failed',
    code: 'tampered-release',
    hint: `it was not used; fetch it again: git fetch --force origin ${releaseRef(digest)}:${releaseRef(digest)}`,
  });
}
