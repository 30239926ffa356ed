import { randomBytes } from 'node:crypto';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterwards, isMissing, type JsonObject, makePrivate, shellWord } from '../../engine/index.ts';

/**
 * Where something that changes the world leaves what another process needs to find it, should the one that started it be killed: a directory of
 * its own with `run.json`, its outputs and its log. It is removed by whoever sees it end.
 */
export interface RunDirectory {
  readonly path: string;
}

/** How directories begin that hold what only this effect was given. */
export const GIVEN = 'input-';
/** Says what the effect is, and of which runtime. */
export const RUN_FILE = 'run.json';
/** Where a sandbox writes its pid. */
export const PID_FILE = 'pid';

/** `<effect>~<random>`, on one level: no directory is shared with other runs. */
export function nameOf(effect: string): string {
  return `${effect.replaceAll('/', '~')}~`;
}

export async function makeRunDirectory(root: string, effect: string): Promise<RunDirectory> {
  makePrivate(root);
  const path = join(root, `${nameOf(effect)}${randomBytes(6).toString('hex')}`);
  await mkdir(path, { mode: 0o700 });
  clearAfterwards(path);
  return { path };
}

/** What `said` has beside the runtime is that runtime's own: see `RuntimeDriver.effect`. */
export async function writeRunFile({ path }: RunDirectory, said: JsonObject & { readonly runtime: string }): Promise<void> {
  await writeFile(join(path, RUN_FILE), JSON.stringify(said), { mode: 0o600 });
}

/** The names of what changes the world just now, or was not seen to end. */
export async function runNames(root: string): Promise<readonly string[]> {
  try {
    return await readdir(root);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** What says where an engine is, and where this one of many programs finds it. */
const ENGINE_VARIABLES = /^(?:HOME|XDG_RUNTIME_DIR|SSH_AUTH_SOCK|(?:DOCKER|CONTAINER)_[A-Z_]+)$/;

/** Has a program see to a run directory that is still there when this process is gone: see `clearRun` in `effects.ts`. */
function clearAfterwards(path: string): void {
  const program = import.meta.filename.endsWith('.ts') ? '../clear-run.ts' : 'clear-run.js';
  const given = Object.entries(process.env).flatMap(([name, value]) =>
    ENGINE_VARIABLES.test(name) && value !== undefined ? [`${name}=${shellWord(value)}`] : [],
  );
  const command = [process.execPath, join(import.meta.dirname, program), resolve(path)].map(shellWord).join(' ');
  afterwards(`[ ! -e ${shellWord(resolve(path))} ] || ${[...given, command].join(' ')} &`);
}
