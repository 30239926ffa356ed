import { posix } from 'node:path';
import { AtmosError, type Digest, makeTree, sha256, type Tree, type TreeEntry } from '../../engine/index.ts';

/** One entry of a layer's tar, its content taken in. */
export interface LayerEntry {
  /** As it stands in the tar. */
  readonly path: string;
  readonly type: 'file' | 'directory' | 'link' | 'hardlink';
  /** Of a file or a link. */
  readonly content: { readonly digest: Digest; readonly size: number } | undefined;
  readonly isExecutable: boolean;
  /** Of a link or a hard link, as it stands in the tar. */
  readonly target: string;
}

/** How many links may lead to one another, as in Linux. */
const MOST_LINKS = 40;

/**
 * A root file system that layers are laid onto, lowest first (image-spec v1.1, layer.md): whiteouts take away, links lead nowhere out of it.
 * Devices and owners are not part of it.
 */
export class RootFs {
  readonly #entries = new Map<string, TreeEntry>();
  /** Where links lead. */
  readonly #targets = new Map<string, string>();
  /** Those that stand in a layer themselves. */
  readonly #directories = new Set<string>();
  /** How many entries there are below a directory. */
  readonly #below = new Map<string, number>();

  /** Lays a layer over what is there. @throws AtmosError `unsafe-layer` for a path that leaves the root */
  apply(layer: readonly LayerEntry[]): void {
    // Whiteouts hide what is below their layer, wherever they stand in it.
    for (const { path } of layer) {
      const name = posix.basename(path);
      if (name === '.wh..wh..opq') this.#removeBelow(this.#place(posix.dirname(path)));
      else if (name.startsWith('.wh.')) this.#remove(this.#place(posix.join(posix.dirname(path), name.slice('.wh.'.length))));
    }
    for (const entry of layer) {
      const { path, type, content, target } = entry;
      if (posix.basename(path).startsWith('.wh.')) continue;
      const at = this.#place(path);
      if (at === '') continue;
      if (type === 'directory') {
        // A directory takes the place of whatever is no directory.
        for (const dir of [...ancestorsOf(at), at]) {
          this.#delete(dir);
          this.#directories.add(dir);
        }
      } else if (type === 'hardlink') {
        const source = this.#entries.get(this.#place(target));
        if (source === undefined) throw unsafe(`hard link ${path} to ${target}, which is not there`);
        this.#put({ ...source, path: at });
      } else if (content !== undefined) {
        this.#put({ path: at, mode: type === 'link' ? 'link' : entry.isExecutable ? '755' : '644', ...content });
        if (type === 'link') this.#targets.set(at, target);
      }
    }
  }

  /** The files and links. */
  files(): Tree {
    return makeTree([...this.#entries.values()]);
  }

  /** All of it, the empty directories too. */
  tree(): Tree {
    const digest = sha256('');
    const empty = [...this.#emptyDirectories()].map((path): TreeEntry => ({ path, mode: 'directory', digest, size: 0 }));
    return makeTree([...this.#entries.values(), ...empty]);
  }

  #emptyDirectories(): ReadonlySet<string> {
    const empty = new Set([...this.#directories].filter((dir) => (this.#below.get(dir) ?? 0) === 0));
    for (const dir of this.#directories) for (const above of ancestorsOf(dir)) empty.delete(above);
    return empty;
  }

  #put(entry: TreeEntry): void {
    this.#remove(entry.path);
    this.#entries.set(entry.path, entry);
    for (const dir of ancestorsOf(entry.path)) {
      // What was a file is a directory now.
      this.#delete(dir);
      this.#directories.add(dir);
      this.#below.set(dir, (this.#below.get(dir) ?? 0) + 1);
    }
  }

  #remove(path: string): void {
    this.#delete(path);
    this.#directories.delete(path);
    this.#removeBelow(path);
  }

  #removeBelow(path: string): void {
    const prefix = path === '' ? '' : `${path}/`;
    for (const dir of this.#directories) if (dir.startsWith(prefix)) this.#directories.delete(dir);
    if ((this.#below.get(path) ?? 0) === 0 && path !== '') return;
    for (const known of [...this.#entries.keys()]) if (known.startsWith(prefix)) this.#delete(known);
  }

  #delete(path: string): void {
    if (!this.#entries.delete(path)) return;
    this.#targets.delete(path);
    for (const dir of ancestorsOf(path)) this.#below.set(dir, (this.#below.get(dir) ?? 1) - 1);
  }

  /** Where a path lies when the links on the way to it are followed, as they are inside a container. The last part is not followed. */
  #place(path: string): string {
    if (path.includes('\0')) throw unsafe(JSON.stringify(path));
    const parts = partsOf(path);
    let place: string[] = [];
    let links = 0;
    while (parts.length > 0) {
      const part = parts.shift() ?? '';
      if (part === '..') throw unsafe(path);
      place.push(part);
      const target = parts.length === 0 ? undefined : this.#targets.get(place.join('/'));
      if (target === undefined) continue;
      links += 1;
      if (links > MOST_LINKS) throw unsafe(`${path}: too many links`);
      const from = target.startsWith('/') ? [] : place.slice(0, -1);
      // Above the root there is the root, as in a container.
      parts.unshift(...partsOf(posix.join('/', ...from, target)));
      place = [];
    }
    return place.join('/');
  }
}

function ancestorsOf(path: string): readonly string[] {
  const parts = path.split('/');
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('/'));
}

function partsOf(path: string): string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.');
}

function unsafe(what: string): AtmosError {
  return new AtmosError(`an image layer has an entry outside of its root file system: ${what}`, {
    kind: 'failed',
    code: 'unsafe-layer',
    hint: 'do not use this image',
  });
}
