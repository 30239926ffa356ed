import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { isMissing, isObject, type JsonObject, removeTree } from '../engine/index.ts';
import { DRIVERS } from './drivers.ts';
import { GIVEN, nameOf, RUN_FILE, runNames } from './runs/directory.ts';
import type { EffectHandle } from './runs/driver.ts';
import { OUTPUT, RESCUED } from './system/run-files.ts';

/** How long a command that has waited for an effect may take to remove its run directory, in milliseconds. */
const TAKEN = 500;

/** Something that an earlier process had started and that has ended: its run directory is removed after it was looked at. */
export interface EndedEffect {
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
export async function settleEffects(
  root: string,
  prefix: string,
  signal: AbortSignal,
  onEnd: (ended: EndedEffect) => Promise<void> = async () => undefined,
): Promise<readonly string[]> {
  const found: string[] = [];
  for (const path of await runsOf(root, prefix)) {
    const effect = basename(path)
      .replace(/~[0-9a-f]+$/, '')
      .replaceAll('~', '/');
    const waited = (await (await effectIn(path))?.settle(signal)) ?? false;
    if (waited) found.push(effect);
    await onEnd({ effect, waited, output: (file) => readIfThere(join(path, OUTPUT, file)) });
    removeTree(path);
  }
  return found;
}

/** Whether an effect whose name begins with `prefix` still runs, as far as can be told without asking an engine: its container may. */
export async function isBusy(root: string, prefix: string): Promise<boolean> {
  for (const path of await runsOf(root, prefix)) if ((await (await effectIn(path))?.mayRun()) === true) return true;
  return false;
}

/** Whether effects whose names begin with `prefix` were started that nobody saw end. */
export async function hasRuns(root: string, prefix: string): Promise<boolean> {
  return (await runsOf(root, prefix)).length > 0;
}

/** Whether one of them ended and left a file in its first output. */
export async function hasLeft(root: string, prefix: string, file: string): Promise<boolean> {
  const found = await Promise.all((await runsOf(root, prefix)).map((path) => readIfThere(join(path, OUTPUT, file))));
  return found.some((content) => content !== undefined);
}

/**
 * Waits until an effect has ended whose process is gone, and removes from its run directory what may be secret: what it was given, and what it left but
 * for the one file that nothing else has. The rest is for the next command, which removes it all.
 */
export async function clearRun(path: string): Promise<void> {
  await (await effectIn(path))?.ended();
  // A command that has waited for it removes it all just now.
  await new Promise((resolve) => setTimeout(resolve, TAKEN));
  for (const name of await runNames(path)) {
    if (name.startsWith(GIVEN)) removeTree(join(path, name));
    if (!name.startsWith('output-')) continue;
    for (const file of await runNames(join(path, name))) if (file !== RESCUED) removeTree(join(path, name, file));
  }
}

async function runsOf(root: string, prefix: string): Promise<readonly string[]> {
  return (await runNames(root)).filter((name) => name.startsWith(nameOf(prefix))).map((name) => join(root, name));
}

/** What a run directory says of its effect; `undefined` where nothing was started yet. */
async function effectIn(path: string): Promise<EffectHandle | undefined> {
  try {
    const said: unknown = JSON.parse(await readFile(join(path, RUN_FILE), 'utf8'));
    if (!isObject(said)) return undefined;
    const driver = Object.entries(DRIVERS).find(([name]) => name === said.runtime)?.[1];
    return driver?.effect(path, said as JsonObject);
  } catch (error) {
    // It was killed while it wrote this.
    if (isMissing(error) || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
