/** Answers one request. `GET /health`, `POST /payments`, `GET /payments/<id>`. */
export async function handle(request, response, payments) {
  const { pathname } = new URL(request.url, 'http://localhost');
  if (request.method === 'GET' && pathname === '/health') return answer(response, 200, { state: 'up' });
  if (request.method === 'POST' && pathname === '/payments') {
    try {
      return answer(response, 201, payments.take(JSON.parse(await read(request))));
    } catch (error) {
      return answer(response, 400, { error: error.message });
    }
  }
  const [, id] = /^\/payments\/([^/]+)$/.exec(pathname) ?? [];
  const found = id === undefined ? undefined : payments.find(decodeURIComponent(id));
  return found === undefined ? answer(response, 404, { error: 'there is no such thing' }) : answer(response, 200, found);
}

function answer(response, status, body) {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

async function read(request) {
  let text = '';
  for await (const chunk of request) text += chunk;
  return text;
}
