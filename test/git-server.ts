import { spawn } from 'node:child_process';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { dirname } from 'node:path';

/** What a server does to a request. */
export type Fault = 'none' | 'unavailable' | 'cut-before' | 'cut-after' | 'silent';

export interface GitServer {
  /** The URL of the repository. */
  readonly url: string;
  /** What was asked, in order: `GET /remote.git/info/refs?service=git-receive-pack`. */
  readonly requests: readonly string[];
  /** Decides what happens to each request from now on. */
  fault(choose: (request: string) => Fault): void;
  close(): Promise<void>;
}

/**
 * Serves a bare repository over HTTP, as `git http-backend` does: a server of Git's own, which can be told to be overloaded, to cut a line before or
 * after its work, or to say nothing.
 */
export async function serveGit(remote: string): Promise<GitServer> {
  const requests: string[] = [];
  let choose: (request: string) => Fault = () => 'none';
  const server = createServer((request, response) => {
    const what = `${request.method} ${request.url}`;
    requests.push(what);
    const fault = choose(what);
    switch (fault) {
      case 'unavailable':
        response.writeHead(503).end('overloaded\n');
        return;
      case 'cut-before':
        request.socket.destroy();
        return;
      case 'silent':
        return;
      case 'cut-after':
      case 'none':
        answer(remote, request, response, fault === 'cut-after');
        return;
      default:
        fault satisfies never;
    }
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const found = server.address();
  if (typeof found !== 'object' || found === null) throw new Error('no port');
  return {
    url: `http://127.0.0.1:${found.port}/${remote.slice(dirname(remote).length + 1)}`,
    requests,
    fault(chosen) {
      choose = chosen;
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

/** Hands a request on to Git (CGI, RFC 3875); its answer is sent when all of it is there, or the line is cut instead. */
function answer(remote: string, request: IncomingMessage, response: ServerResponse, cut: boolean): void {
  const { pathname, search } = new URL(request.url ?? '/', 'http://x');
  const child = spawn('git', ['-c', 'http.receivepack=true', 'http-backend'], {
    env: {
      ...process.env,
      GIT_PROJECT_ROOT: dirname(remote),
      GIT_HTTP_EXPORT_ALL: '1',
      REQUEST_METHOD: request.method,
      PATH_INFO: pathname,
      QUERY_STRING: search.slice(1),
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      HTTP_CONTENT_ENCODING: String(request.headers['content-encoding'] ?? ''),
      GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
      REMOTE_USER: 'somebody',
    },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const parts: Buffer[] = [];
  child.stdout.on('data', (part: Buffer) => parts.push(part));
  child.stdin.on('error', () => undefined);
  request.pipe(child.stdin);
  child.on('close', () => {
    if (cut) {
      request.socket.destroy();
      return;
    }
    const all = Buffer.concat(parts);
    const end = all.indexOf('\r\n\r\n');
    const headers = all
      .toString('latin1', 0, end)
      .split('\r\n')
      .map((line) => line.split(/:\s*/, 2) as [string, string]);
    const status = headers.find(([name]) => name.toLowerCase() === 'status')?.[1];
    response.writeHead(Number(status?.slice(0, 3) ?? 200), Object.fromEntries(headers.filter(([name]) => name.toLowerCase() !== 'status')));
    response.end(all.subarray(end + 4));
  });
}
