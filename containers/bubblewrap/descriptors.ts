import { closeSync, readdirSync, readFileSync } from 'node:fs';

/** Of a descriptor that no program started by this process gets. */
const CLOSED_ON_EXEC = 0o2000000;

/**
 * Closes the file descriptors that this process was started with, but for the standard streams: whatever starts a sandbox would hand them on into it.
 * Those that are our own are closed for programs that we start anyway, and stay.
 */
export function closeInherited(): void {
  for (const name of readdirSync('/proc/self/fd')) {
    const descriptor = Number(name);
    if (descriptor <= 2 || name === process.env.NODE_CHANNEL_FD || !isInherited(name)) continue;
    try {
      closeSync(descriptor);
    } catch (error) {
      // It was the list's own, and is closed by now.
      if ((error as NodeJS.ErrnoException).code !== 'EBADF') throw error;
    }
  }
}

function isInherited(name: string): boolean {
  try {
    const flags = /^flags:\s+([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${name}`, 'utf8'))?.[1];
    return flags !== undefined && (Number.parseInt(flags, 8) & CLOSED_ON_EXEC) === 0;
  } catch {
    return false;
  }
}
