import { execFileSync } from 'node:child_process';
import { createServer } from 'node:net';

/** A port of this machine that nobody listens on. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().listen(0, () => {
      const found = server.address();
      server.close(() => (typeof found === 'object' && found !== null ? resolve(found.port) : reject(new Error('no port'))));
    });
  });
}

/** The machine as containers see it: the address of Docker's bridge. */
export function address(): string {
  const said = execFileSync('ip', ['-4', '-oneline', 'address', 'show', 'docker0'], { encoding: 'utf8' });
  const found = /inet ([\d.]+)/.exec(said)?.[1];
  if (found === undefined) throw new Error(`docker0 has no address: ${said}`);
  return found;
}
