import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { Script } from 'node:vm';
import { crc32 } from 'node:zlib';
import { codeDirectory, isOursAlone } from './code-directory.ts';

declare const __VERBS__: readonly string[];

/** What belongs to programs that are not used any more goes after so long. */
const LONGEST = 30 * 24 * 60 * 60 * 1000;

/** How many bytes the sum of what follows takes. */
const SUM = 4;

/**
 * Runs the script beside a module (`start.js`, `start.script`) and returns what that exports. It is compiled as an earlier command of the same verb left it,
 * with all functions that had run then: compiling these takes longer than most of what a command does, and what Node itself keeps of a module has none.
 */
export function loadScript(meta: ImportMeta, importFrom: (path: string) => Promise<unknown>): unknown {
  const path = meta.filename.replace(/\.js$/, '.script');
  const place = placeOf(basename(path));
  const cachedData = place === undefined ? undefined : readOurs(place);
  const script = new Script(readFileSync(path, 'utf8'), { filename: path, cachedData });
  if (place !== undefined && (cachedData === undefined || script.cachedDataRejected === true)) {
    process.once('exit', () => keep(place, script.createCachedData()));
  }
  return script.runInThisContext()(meta, importFrom);
}

/** A file for each version of ours and of Node, and for each verb: different functions run. `undefined` for what is no command, or where none may be kept. */
function placeOf(name: string): string | undefined {
  const verb = process.argv.slice(2).find((word) => __VERBS__.includes(word));
  const dir = verb === undefined ? undefined : codeDirectory();
  return dir === undefined ? undefined : join(dir, `${name}-${process.version}-${process.arch}-${verb}`);
}

/** V8 believes whatever it is given: a damaged byte ends the process. */
function readOurs(path: string): Buffer | undefined {
  let file: number | undefined;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const found = fstatSync(file);
    if (!found.isFile() || !isOursAlone(found)) return undefined;
    const content = readFileSync(file);
    const code = content.subarray(SUM);
    return content.length > SUM && crc32(code) === content.readUInt32LE() ? code : undefined;
  } catch {
    return undefined;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** Moved into place once it is on the disk: a part of it would be run as if it were the whole. */
function keep(path: string, code: Buffer): void {
  const temporary = `${path}.${process.pid}`;
  try {
    const file = openSync(temporary, 'wx', 0o600);
    try {
      const sum = Buffer.alloc(SUM);
      sum.writeUInt32LE(crc32(code));
      writeFileSync(file, Buffer.concat([sum, code]));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
    removeOld(join(path, '..'));
  } catch {
    // It is only for speed: where there is no room, say, all is compiled again.
    rmSync(temporary, { force: true });
  }
}

function removeOld(dir: string): void {
  for (const entry of readdirSync(dir, { withFileTypes: true })) {
    const path = join(dir, entry.name);
    if (entry.isFile() && Date.now() - statSync(path).mtimeMs > LONGEST) rmSync(path, { force: true });
  }
}
