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
