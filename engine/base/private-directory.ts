import { chmodSync, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/** Makes a directory that nobody else on this machine may look into, whatever the umask; one that is there becomes one. */
export function makePrivate(dir: string): void {
  mkdirSync(dirname(dir), { recursive: true });
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const { mode, uid } = statSync(dir);
  const isOurs = process.getuid?.() === uid || process.getuid?.() === 0;
  if ((mode & 0o077) !== 0 && isOurs) chmodSync(dir, 0o700);
}
