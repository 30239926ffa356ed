import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { address } from './ports.ts';

/** Something that commands change: a text that is read by GET and set by POST. */
export async function startWorld(): Promise<{ readonly url: string; value: string; readonly asked: string[] }> {
  const world = { url: '', value: '', asked: [] as string[] };
  const server = createServer((request, response) => {
    let body = '';
    world.asked.push(`${request.method} ${request.url}`);
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString('utf8');
    });
    request.on('end', () => {
      if (request.method === 'POST') world.value = body;
      response.end(world.value);
    });
  });
  await new Promise<void>((done) => server.listen(0, done));
  onTestFinished(() => void server.close());
  return Object.assign(world, { url: `http://${address()}:${(server.address() as AddressInfo).port}` });
}
