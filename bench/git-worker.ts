import { parentPort, workerData } from 'node:worker_threads';
import { type Fault, serveGit } from '../test/git-server.ts';

/** A server of a bare repository in a thread of its own: whoever measures waits for its children. Faults come at fixed shares of all requests. */
const server = await serveGit(workerData as string);
let count = 0;
let failing = false;
server.fault((): Fault => {
  if (!failing) return 'none';
  count += 1;
  if (count % 5 === 0) return 'unavailable';
  if (count % 97 === 0) return 'silent';
  if (count % 13 === 0) return 'cut-before';
  return count % 17 === 0 ? 'cut-after' : 'none';
});
parentPort?.on('message', (what: 'fail' | 'work' | 'count') => {
  if (what === 'count') parentPort?.postMessage(server.requests.length);
  else failing = what === 'fail';
});
parentPort?.postMessage(server.url);
