import { readFile, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { AtmosError, isMissing } from '../../engine/index.ts';
import { PID_FILE } from '../runs/directory.ts';
import type { RuntimeDriver } from '../runs/driver.ts';

/** How long a sandbox may take from its directory to its pid, in milliseconds. */
const START = 500;
/** How often it is looked whether it has ended, in milliseconds. */
const POLL = 50;
const NEVER = new AbortController().signal;

/** An effect is known by the pid that it wrote itself and by its run directory among its arguments, and has control groups. */
export const bubblewrap: RuntimeDriver = {
  open: async (images, expected) => (await import('./runtime.ts')).bubblewrapRuntime(images, expected),
  effect(path, { groups }) {
    if (!Array.isArray(groups)) return undefined;
    const dirs = groups.filter((group) => typeof group === 'string');
    const settle = (signal: AbortSignal): Promise<boolean> => awaitSandbox(path, dirs, signal);
    return { mayRun: () => isRunning(path), settle, ended: async () => void (await settle(NEVER)) };
  },
};

async function awaitSandbox(path: string, groups: readonly string[], signal: AbortSignal): Promise<boolean> {
  const until = Date.now() + START;
  for (let pid = await pidIn(path); pid === undefined && Date.now() < until; pid = await pidIn(path)) await pause(signal);
  let waited = false;
  for (; await isRunning(path); waited = true) await pause(signal);
  await Promise.all(groups.map((group) => removeGroup(group)));
  return waited;
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
