import { createHash } from 'node:crypto';
import { lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { GitLocation } from './locate.ts';
import type { ObjectDatabase, ObjectType } from './objects.ts';

// What follows spares a start of Git for the few refs and objects of a command that has nothing to do. It knows the plain forms alone, and whatever it does not
// find, or finds to be damaged, is Git's to answer.

/** The branch that HEAD names, `''` for none. `undefined` where Git has to be asked. */
export function looseBranch(location: GitLocation): string | undefined {
  const head = headOf(location);
  if (head === undefined) return undefined;
  return head.startsWith(BRANCHES) ? head.slice(BRANCHES.length) : '';
}

/**
 * The commit that is checked out, by HEAD and the file of its branch (gitrepository-layout(5)), where that commit has a file of its own, too. `undefined`
 * where Git has to be asked.
 */
export async function looseHead(location: GitLocation, objects: ObjectDatabase): Promise<string | undefined> {
  const head = headOf(location);
  const id = head?.startsWith(BRANCHES) === true ? looseRef(location, head) : head;
  const object = id === undefined ? undefined : await looseObject(objects, id);
  return object?.type === 'commit' ? id : undefined;
}

/** What a ref that has a file of its own points at. `undefined` where Git has to be asked. */
export function looseRef({ common, hash }: GitLocation, ref: string): string | undefined {
  if (!isPlainName(ref)) return undefined;
  const text = textOf(join(common, ref));
  const id = text?.slice(0, -1) ?? '';
  return text?.endsWith('\n') === true && isId(id, hash) ? id : undefined;
}

/** Whether there is anything of a ref's name, be it damaged, in the files that refs are kept in. */
export function isNamed({ common }: GitLocation, ref: string): boolean {
  if (!isPlainName(ref)) return true;
  // What may not be read is there, too.
  const isThere = lstatSync(join(common, ref), { throwIfNoEntry: false })?.isDirectory() === false;
  return isThere || textOf(join(common, 'packed-refs'))?.includes(` ${ref}\n`) === true;
}

/** The type and content of an object that has a file of its own (gitformat-loose(5)), if those are what its id says. `undefined` where Git has to be asked. */
export async function looseObject(
  { dir, hash }: ObjectDatabase,
  id: string,
): Promise<{ readonly type: ObjectType; readonly content: Buffer } | undefined> {
  try {
    const packed = readFileSync(join(dir, id.slice(0, 2), id.slice(2)));
    const { inflateSync } = await import('node:zlib');
    const bytes = inflateSync(packed);
    if (createHash(hash).update(bytes).digest('hex') !== id) return undefined;
    const end = bytes.indexOf(0);
    const [, type] = /^(blob|tree|commit) \d+$/.exec(bytes.toString('latin1', 0, end)) ?? [];
    return type === undefined ? undefined : { type: type as ObjectType, content: bytes.subarray(end + 1) };
  } catch {
    return undefined;
  }
}

/** A file at the top of a commit's tree, where all of that is loose. `undefined` where Git has to be asked. */
export async function looseFile(objects: ObjectDatabase, commit: string, name: string): Promise<Buffer | undefined> {
  const found = await looseObject(objects, commit);
  const [, tree] = found?.type === 'commit' ? (/^tree ([0-9a-f]+)\n/.exec(found.content.toString('latin1', 0, 80)) ?? []) : [];
  const entries = tree === undefined ? undefined : await looseObject(objects, tree);
  const id = entries?.type === 'tree' ? fileIn(entries.content, name, objects.hash === 'sha256' ? 32 : 20) : undefined;
  const file = id === undefined ? undefined : await looseObject(objects, id);
  return file?.type === 'blob' ? file.content : undefined;
}

/** The id of a regular file in the content of a tree: `<mode> <name>\0<id>`, over and over. */
function fileIn(tree: Buffer, name: string, size: number): string | undefined {
  for (let at = 0; at < tree.length; ) {
    const end = tree.indexOf(0, at);
    if (end === -1) return undefined;
    const [mode, ...rest] = tree.toString('utf8', at, end).split(' ');
    at = end + 1 + size;
    if (rest.join(' ') === name) return mode === '100644' ? tree.toString('hex', end + 1, at) : undefined;
  }
  return undefined;
}

const BRANCHES = 'refs/heads/';

/** What HEAD says: a branch or an id, if it is a file of the one form that Git writes. */
function headOf({ own, hash }: GitLocation): string | undefined {
  const path = join(own, 'HEAD');
  const text = isLink(path) ? undefined : textOf(path);
  const [, said = ''] = /^(?:ref: (?=refs\/heads\/))?([^\n]+)\n$/.exec(text ?? '') ?? [];
  return isId(said, hash) || (said.startsWith(BRANCHES) && isPlainName(said)) ? said : undefined;
}

/** Names that mean the same in every respect: other characters, and refs that every working tree has of its own, are Git's (git-check-ref-format(1)). */
function isPlainName(ref: string): boolean {
  return (
    /^refs(\/[A-Za-z0-9_@+=,#%-][A-Za-z0-9_@+=,#%.-]*)+$/.test(ref) &&
    !/\.\.|\.lock(\/|$)|\.(\/|$)|@\{/.test(ref) &&
    !/^refs\/(worktree|bisect|rewritten)\//.test(ref)
  );
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function isId(text: string, hash: ObjectDatabase['hash']): boolean {
  return (hash === 'sha256' ? /^[0-9a-f]{64}$/ : /^[0-9a-f]{40}$/).test(text);
}
