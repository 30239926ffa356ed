import type { ChildProcess } from 'node:child_process';

/** What shells export without having been told to; some of it names directories of this machine. */
export const FORGET = 'unset PWD OLDPWD SHLVL';

export function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', () => resolve());
  });
}

/** Ends a process, if it has not ended. */
export function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has.
  }
}
