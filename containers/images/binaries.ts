import { constants } from 'node:fs';
import { access, open, readFile, realpath } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { AtmosError, isMissing } from '../../engine/index.ts';
import { execute } from '../system/execute.ts';

/** A file of this machine and where it goes in an image (without the leading `/`). */
export interface HostFile {
  readonly from: string;
  readonly to: string;
  readonly mode: number;
}

/** Finds a command on PATH. @throws AtmosError `no-binary` with how to get it. */
export async function findCommand(name: string, hint: string): Promise<string> {
  for (const dir of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(dir, name);
    try {
      await access(path, constants.X_OK);
      return await realpath(path);
    } catch {
      // Not in this directory.
    }
  }
  throw new AtmosError(`${name} is not on this machine`, { kind: 'environment', code: 'no-binary', hint });
}

/** The command itself and, unless it is static, the shared libraries and the loader that it needs, each at its own path. */
export async function withLibraries(from: string, to: string): Promise<readonly HostFile[]> {
  const own: HostFile = { from, to, mode: 0o755 };
  if (!(await isElf(from)))
    throw new AtmosError(`${from} is a script, not a program`, {
      kind: 'environment',
      code: 'no-binary',
      hint: 'put the program itself first in PATH',
    });
  let listing: string;
  try {
    listing = await execute('ldd', [from], { env: { ...process.env, LC_ALL: 'C' } });
  } catch {
    // ldd exits 1 with "not a dynamic executable".
    return [own];
  }
  if (listing.includes('statically linked')) return [own];
  const libraries = [...listing.matchAll(/(?:=> |^\s*)(\/\S+) \(0x/gm)].map(([, path = '']) => path);
  return [own, ...libraries.map((path) => ({ from: path, to: path.slice(1), mode: 0o755 }))];
}

async function isElf(path: string): Promise<boolean> {
  const file = await open(path, 'r');
  try {
    const { buffer } = await file.read(Buffer.alloc(4), 0, 4, 0);
    return buffer.toString('latin1') === '\x7fELF';
  } finally {
    await file.close();
  }
}

/** The certificate authorities that this machine trusts, if it has them in one file. */
export async function certificates(): Promise<Uint8Array | undefined> {
  try {
    return await readFile('/etc/ssl/certs/ca-certificates.crt');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
