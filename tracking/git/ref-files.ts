import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { AtmosError, errorCode, isMissing } from '../../engine/index.ts';
import type { ObjectReader } from './blobs.ts';
import type { GitLocation } from './locate.ts';
import { isNamed, looseObject, looseRef } from './loose.ts';
import type { ObjectDatabase } from './objects.ts';
import { damagedRef, unreadableRef } from './ref-errors.ts';
import { parseRefs } from './ref-text.ts';
import type { Repository } from './types.ts';

/** Refs of a repository by their whole names. */
export interface RefFiles {
  /** What a ref points at; `undefined` where there is none. @throws AtmosError `damaged-ref` */
  idOf(ref: string): Promise<string | undefined>;
  removeDamaged(ref: string): Promise<void>;
}

/** How often a ref is looked at that others move meanwhile. */
const LOOKS = 25;

/**
 * A ref that has a file of its own, and an object with one, need no Git. All others are asked of the process that reads objects; what it finds is asked
 * again, since by Git's rules it may have found a branch of that name.
 */
export function refFiles(location: GitLocation, objects: ObjectDatabase, reader: ObjectReader, git: Repository['git']): RefFiles {
  const listed = async (ref: string): Promise<string | undefined> => {
    const { stdout } = await git(['for-each-ref', '--format=%(objectname) %(refname)', ref]);
    return parseRefs(stdout, ' ').get(ref);
  };
  return {
    async idOf(ref) {
      for (let look = 1; look <= LOOKS; look += 1) {
        const loose = looseRef(location, ref);
        if (loose !== undefined && (await looseObject(objects, loose)) !== undefined) return loose;
        const found = await reader.object(ref).then((object) => object?.id, ignoreDamage);
        if (found !== undefined && found === loose) return found;
        if (found === undefined && !isNamed(location, ref)) return undefined;
        const exact = await listed(ref);
        if (exact === found && exact !== undefined) return exact;
        if (exact === undefined && !isNamed(location, ref)) return undefined;
      }
      throw damagedRef(ref);
    },
    async removeDamaged(ref) {
      const { code } = await git(['update-ref', '--no-deref', '-d', ref], { answers: [0, 1, 128] });
      // Git takes away what names nothing that it has; not what names nothing.
      if (code !== 0) rmSync(join(location.common, ref), { force: true });
    },
  };
}

/**
 * The refs below a prefix, which ends with `/`, that have files of their own: Git lists those that it can read, and says nothing of the rest.
 * @throws AtmosError `damaged-ref` where a directory can't be read
 */
export function namesOfFiles(common: string, prefix: string): readonly string[] {
  const entries = attempt(prefix, () => readdirSync(join(common, prefix), { withFileTypes: true })) ?? [];
  return entries.flatMap((entry) => {
    const name = `${prefix}${entry.name}`;
    return entry.isDirectory() ? namesOfFiles(common, `${name}/`) : name.endsWith('.lock') ? [] : [name];
  });
}

function attempt<T>(ref: string, read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (isMissing(error) || errorCode(error) === 'ENOTDIR') return undefined;
    throw unreadableRef(ref, error);
  }
}

/** Of an object that is damaged Git tells no more than that. */
function ignoreDamage(error: unknown): undefined {
  if (!(error instanceof AtmosError) || error.code !== 'git-failed') throw error;
}
