import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { AtmosError, afterwards, isMissing, isObject, makePrivate, removeTree, shellWord } from '../../engine/index.ts';
import { ENGINES, type EngineName } from '../system/engines.ts';
import { type EngineAddress, OUTPUT, RESCUED } from '../system/run-files.ts';

/**
 * Where something that changes the world leaves what another process needs to find it, should the one that started it be killed: a directory of
 * its own with `run.json`, its outputs and its log. It is removed by whoever sees it end.
 */
export interface RunDirectory {
  readonly path: string;
}

/**
 * What runs: a sandbox, known by the pid that it wrote itself and by its run directory among its arguments, with its control groups; or an engine's
 * container.
 */
type RunFile =
  | { readonly runtime: 'bubblewrap'; readonly groups: readonly string[] }
  | ({ readonly runtime: EngineName; readonly container: string } & EngineAddress);

/** How directories begin that hold what only this effect was given. */
export const GIVEN = 'input-';
const NEVER = new AbortController().signal;

const FILE = 'run.json';
export const PID_FILE = 'pid';

/** `<effect>~<random>`, on one level: no directory is shared with other runs. */
function nameOf(effect: string): string {
  return `${effect.replaceAll('/', '~')}~`;
}

export async function makeRunDirectory(root: string, effect: string): Promise<RunDirectory> {
  makePrivate(root);
  const path = join(root, `${nameOf(effect)}${randomBytes(6).toString('hex')}`);
  await mkdir(path, { mode: 0o700 });
  clearAfterwards(path);
  return { path };
}

export async function writeRunFile({ path }: RunDirectory, file: RunFile): Promise<void> {
  await writeFile(join(path, FILE), JSON.stringify(file), { mode: 0o600 });
}

/** How long a sandbox may take from its directory to its pid. */
const START = 500;
const POLL = 50;

/** Something that an earlier process had started and that has ended: its run directory is removed after it was looked at. */
export interface EndedRun {
  /** As `Exec.effect`. */
  readonly effect: string;
  /** A file that it left in its first output. */
  output(name: string): Promise<Uint8Array | undefined>;
  /** False when it had ended before it was looked for. */
  readonly waited: boolean;
}

/**
 * Waits until every effect has ended whose name begins with `prefix`, and removes what it left. Called by whoever holds the target's lock: what is
 * found there was started by a process that is gone. `onEnd` is told of each before anything of it is removed.
 * @returns the effects that were found running
 * @throws AtmosError `other-engine` when a container runs on another engine than the one that is reached now
 */
export async function settleRuns(
  root: string,
  prefix: string,
  signal: AbortSignal,
  onEnd: (run: EndedRun) => Promise<void> = async () => undefined,
): Promise<readonly string[]> {
  const found: string[] = [];
  for (const path of await runsOf(root, prefix)) {
    const effect = basename(path)
      .replace(/~[0-9a-f]+$/, '')
      .replaceAll('~', '/');
    const waited = await waitFor(path, signal);
    if (waited) found.push(effect);
    await onEnd({ effect, waited, output: (file) => readIfThere(join(path, OUTPUT, file)) });
    removeTree(path);
  }
  return found;
}

/** Whether an effect whose name begins with `prefix` still runs, as far as can be told without asking an engine: its container may. */
export async function isBusy(root: string, prefix: string): Promise<boolean> {
  for (const path of await runsOf(root, prefix)) {
    const file = await readRunFile(path);
    if (file !== undefined && (file.runtime !== 'bubblewrap' || (await isRunning(path)))) return true;
  }
  return false;
}

/** Whether effects whose names begin with `prefix` were started that nobody saw end. */
export async function hasRuns(root: string, prefix: string): Promise<boolean> {
  return (await runsOf(root, prefix)).length > 0;
}

async function runsOf(root: string, prefix: string): Promise<readonly string[]> {
  return (await runNames(root)).filter((name) => name.startsWith(nameOf(prefix))).map((name) => join(root, name));
}

/** Whether one of them ended and left a file in its first output. */
export async function hasLeft(root: string, prefix: string, file: string): Promise<boolean> {
  const found = await Promise.all((await runsOf(root, prefix)).map((path) => readIfThere(join(path, OUTPUT, file))));
  return found.some((content) => content !== undefined);
}

async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
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

/** False when there was nothing to wait for: it never started, has ended, or is half removed. */
async function waitFor(path: string, signal: AbortSignal): Promise<boolean> {
  const file = await readRunFile(path);
  if (file === undefined) return false;
  if (file.runtime !== 'bubblewrap') return (await import('../docker-api/orphans.ts')).awaitContainer(file, path, signal);
  const until = Date.now() + START;
  for (let pid = await pidIn(path); pid === undefined && Date.now() < until; pid = await pidIn(path)) await pause(signal);
  let waited = false;
  for (; await isRunning(path); waited = true) await pause(signal);
  await Promise.all(file.groups.map((group) => removeGroup(group)));
  return waited;
}

/** What says where an engine is, and where this one of many programs finds it. */
const ENGINE_VARIABLES = /^(?:HOME|XDG_RUNTIME_DIR|SSH_AUTH_SOCK|(?:DOCKER|CONTAINER)_[A-Z_]+)$/;

/** Has a program see to a run directory that is still there when this process is gone: see `clearRun`. */
function clearAfterwards(path: string): void {
  const program = import.meta.filename.endsWith('.ts') ? 'clear-run.ts' : 'clear-run.js';
  const given = Object.entries(process.env).flatMap(([name, value]) =>
    ENGINE_VARIABLES.test(name) && value !== undefined ? [`${name}=${shellWord(value)}`] : [],
  );
  const command = [process.execPath, join(import.meta.dirname, program), resolve(path)].map(shellWord).join(' ');
  afterwards(`[ ! -e ${shellWord(resolve(path))} ] || ${[...given, command].join(' ')} &`);
}

/**
 * Waits until an effect has ended whose process is gone, and removes from its run directory what may be secret: what it was given, and what it left but
 * for the one file that nothing else has. The rest is for the next command, which removes it all.
 */
export async function clearRun(path: string): Promise<void> {
  const file = await readRunFile(path);
  if (file?.runtime === 'bubblewrap') await waitFor(path, NEVER);
  else if (file !== undefined) await (await import('../docker-api/orphans.ts')).awaitStopped(file);
  // A command that has waited for it removes it all just now.
  await new Promise((resolve) => setTimeout(resolve, 10 * POLL));
  for (const name of await runNames(path)) {
    if (name.startsWith(GIVEN)) removeTree(join(path, name));
    if (!name.startsWith('output-')) continue;
    for (const file of await runNames(join(path, name))) if (file !== RESCUED) removeTree(join(path, name, file));
  }
}

/** A control group whose last process has just ended may take a moment; one that is not removed now is removed by a later command. */
async function removeGroup(dir: string): Promise<void> {
  for (const until = Date.now() + START; Date.now() < until; await new Promise((resolve) => setTimeout(resolve, POLL))) {
    try {
      return await rmdir(dir);
    } catch (error) {
      if (isMissing(error)) return;
    }
  }
}

async function readRunFile(path: string): Promise<RunFile | undefined> {
  try {
    const file: unknown = JSON.parse(await readFile(join(path, FILE), 'utf8'));
    const engine = ENGINES.find((name) => isObject(file) && file.runtime === name);
    if (isObject(file) && engine !== undefined && typeof file.container === 'string') {
      return { runtime: engine, container: file.container, engine: String(file.engine ?? ''), address: String(file.address ?? '') };
    }
    if (!isObject(file) || file.runtime !== 'bubblewrap' || !Array.isArray(file.groups)) return undefined;
    return { runtime: 'bubblewrap', groups: file.groups.filter((group) => typeof group === 'string') };
  } catch (error) {
    // It was killed while it wrote this: then nothing was started yet.
    if (isMissing(error) || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

async function pidIn(path: string): Promise<number | undefined> {
  try {
    const pid = Number((await readFile(join(path, PID_FILE), 'utf8')).trim());
    return Number.isInteger(pid) && pid > 0 ? pid : undefined;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Whether the sandbox of a run directory lives: a process with its pid that has the directory among its arguments. */
async function isRunning(path: string): Promise<boolean> {
  const pid = await pidIn(path);
  if (pid === undefined) return false;
  try {
    return (await readFile(`/proc/${pid}/cmdline`, 'utf8')).includes(path);
  } catch {
    return false;
  }
}

async function pause(signal: AbortSignal): Promise<void> {
  if (signal.aborted) {
    throw new AtmosError('interrupted while waiting for operations of an earlier command', {
      kind: 'interrupted',
      code: 'interrupted',
      hint: 'it keeps running; the next command waits for it',
    });
  }
  await new Promise((resolve) => setTimeout(resolve, POLL));
}
