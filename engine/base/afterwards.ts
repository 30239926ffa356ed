import { type ChildProcess, spawn } from 'node:child_process';
import { shellWord } from './shell-word.ts';

/** Gathers commands, a line each, until this process is gone; then runs them. */
const GATHER = 'all=; while IFS= read -r line; do all="$all\n$line"; done; eval "$all"';

let shell: ChildProcess | undefined;

/**
 * Has a command of POSIX's shell run once this process is gone, however it ends: by itself, or killed. It must do no harm where there is nothing to do. It
 * begins in `/`, with PATH as its environment, and nobody sees what it writes. Where no shell can be started it does not run: the next command does the same.
 */
export function afterwards(command: string): void {
  shell ??= start();
  shell.stdin?.write(`${command}\n`);
}

/** In a session of its own: what ends this process and all that belongs to it leaves it alone. */
function start(): ChildProcess {
  const env = { PATH: process.env.PATH ?? '' };
  const started = spawn('/bin/sh', ['-c', GATHER], { cwd: '/', env, detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  started.on('error', () => undefined);
  started.stdin?.on('error', () => undefined);
  started.unref();
  (started.stdin as unknown as { unref?: () => void } | null)?.unref?.();
  return started;
}

/** The command that removes a directory, also where a program has left directories in which its owner may not write. */
export function removal(path: string): string {
  const word = shellWord(path);
  return `[ ! -e ${word} ] || { chmod -R u+rwX ${word}; rm -rf -- ${word}; }`;
}
