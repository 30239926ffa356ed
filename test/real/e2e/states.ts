import { createServer, type IncomingMessage } from 'node:http';
import { address } from './ports.ts';

/** A server of states as Terraform's `http` backend knows it: GET, POST, LOCK and UNLOCK, with basic authentication. */
export interface StateServer {
  readonly url: string;
  readonly states: ReadonlyMap<string, string>;
  /** What was asked, in order: `LOCK /name`. */
  readonly asked: readonly string[];
  /** From now on whatever is to be written is refused, or taken again. */
  refuseWrites(refuse: boolean): void;
  /** As if somebody had taken a state's lock and gone. */
  lock(name: string, info: string): void;
  stop(): void;
}

export async function startStateServer(user: string, password: string): Promise<StateServer> {
  const states = new Map<string, string>();
  const locks = new Map<string, string>();
  const asked: string[] = [];
  let refuses = false;
  const expected = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  const answer = (request: IncomingMessage, body: string): readonly [code: number, text?: string | undefined] => {
    const name = new URL(request.url ?? '/', 'http://x').pathname;
    asked.push(`${request.method} ${name}`);
    if (request.headers.authorization !== expected) return [401];
    switch (request.method) {
      case 'GET':
        return states.has(name) ? [200, states.get(name)] : [404];
      case 'POST':
        if (refuses) return [500];
        states.set(name, body);
        return [200];
      case 'LOCK':
        if (locks.has(name)) return [423, locks.get(name)];
        locks.set(name, body);
        return [200];
      case 'UNLOCK':
        locks.delete(name);
        return [200];
      default:
        return [405];
    }
  };
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const [code, text = ''] = answer(request, Buffer.concat(parts).toString());
      response.writeHead(code).end(text);
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, resolve));
  const found = server.address();
  if (typeof found !== 'object' || found === null) throw new Error('no port');
  return {
    url: `http://${address()}:${found.port}`,
    states,
    asked,
    refuseWrites(refuse) {
      refuses = refuse;
    },
    lock: (name, info) => void locks.set(name, info),
    stop: () => void server.close(),
  };
}
