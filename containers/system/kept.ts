import { randomBytes } from 'node:crypto';
import { chmodSync, cpSync, existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { errorCode, shellWord } from '../../engine/index.ts';
import type { Bind } from './bind.ts';

/** Where a container that was kept has what it sees, and the script that opens a shell in it. */
export interface Kept {
  readonly dir: string;
  readonly binds: readonly Bind[];
  /** Writes the script and returns the command that runs it. `argv` opens the shell, with these files open; secrets are not in it. */
  enter(argv: readonly string[], files?: Readonly<Record<number, string>>): string;
}

/**
 * Keeps what a container that failed has seen and left in a directory of its own below `root`, which nobody else may open. What would go away
 * with `dirs` or with this process is moved or copied there.
 */
export function keep(root: string, id: string, binds: readonly Bind[], isPassing: (bind: Bind) => boolean): Kept {
  const dir = join(root, `${id.replaceAll('/', '~')}~${randomBytes(4).toString('hex')}`);
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const kept = binds.map((bind, index): Bind => {
    if (!isPassing(bind)) return bind;
    const source = join(dir, `${index}${bind.target.replaceAll('/', '-')}`);
    if (bind.readOnly) cpSync(bind.source, source, { recursive: true, verbatimSymlinks: true });
    else move(bind.source, source);
    return { ...bind, source };
  });
  return {
    dir,
    binds: kept,
    enter(argv, files = {}) {
      const script = join(dir, 'enter');
      const what = `# The container of ${id} as its command left it. Secrets are not kept: export those that you need.\n`;
      const open = Object.entries(files).map(([descriptor, path]) => ` ${descriptor}<${shellWord(path)}`);
      writeFileSync(script, `#!/bin/sh\n${what}exec ${argv.map(shellWord).join(' ')} "$@"${open.join('')}\n`);
      chmodSync(script, 0o700);
      const path = relative(process.cwd(), script);
      return path.startsWith('..') ? script : path;
    },
  };
}

function move(from: string, to: string): void {
  if (!existsSync(from)) return;
  try {
    renameSync(from, to);
  } catch (error) {
    // On another file system.
    if (errorCode(error) !== 'EXDEV') throw error;
    cpSync(from, to, { recursive: true, verbatimSymlinks: true });
  }
}
