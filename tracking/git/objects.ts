import { createHash, randomBytes } from 'node:crypto';
import { access, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from '../../engine/index.ts';

export type ObjectType = 'blob' | 'tree' | 'commit';

/** Where objects are written, and which hash names them. */
export interface ObjectDatabase {
  /** Absolute path of `objects/`. */
  readonly dir: string;
  readonly hash: 'sha1' | 'sha256';
}

/** How often the folder of an object is made, should it be removed each time. */
const ATTEMPTS = 100;

/**
 * Writes a loose object (gitformat-loose(5)): header and content, deflated, under a temporary name and then moved to the name that its hash gives.
 * No process is started, which costs more than all else. Returns the object's id.
 */
export async function writeObject({ dir, hash }: ObjectDatabase, type: ObjectType, content: Uint8Array): Promise<string> {
  const header = Buffer.from(`${type} ${content.length}\0`);
  const id = createHash(hash).update(header).update(content).digest('hex');
  const folder = join(dir, id.slice(0, 2));
  const path = join(folder, id.slice(2));
  if (await exists(path)) return id;
  const temporary = join(dir, `tmp_obj_${randomBytes(8).toString('hex')}`);
  try {
    // Loaded only where something is written.
    const { deflateSync } = await import('node:zlib');
    await writeFile(temporary, deflateSync(Buffer.concat([header, content])), { flag: 'wx', mode: 0o444 });
    await moveIn(temporary, folder, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  return id;
}

/** Git removes a folder that it finds empty while it packs objects: then it is made again. */
async function moveIn(temporary: string, folder: string, path: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    await mkdir(folder).catch((error: unknown) => {
      if (errorCode(error) !== 'EEXIST') throw error;
    });
    try {
      return await rename(temporary, path);
    } catch (error) {
      if (errorCode(error) !== 'ENOENT' || attempt === ATTEMPTS || !(await exists(temporary))) throw error;
    }
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}
