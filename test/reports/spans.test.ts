import { createServer } from 'node:http';
import { afterEach, expect, onTestFinished, test, vi } from 'vitest';
import { asDigest, type RunEvent } from '../../engine/index.ts';
import { sendSpans } from '../../reports/spans.ts';

interface Span {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly status: { readonly code?: number; readonly message?: string };
  readonly attributes: readonly { readonly key: string; readonly value: Readonly<Record<string, unknown>> }[];
}

/** A collector: what it was sent. */
async function collector(
  status = 200,
): Promise<{ readonly url: string; readonly sent: () => readonly Span[]; readonly headers: () => readonly unknown[] }> {
  const bodies: string[] = [];
  const headers: unknown[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      headers.push(request.headers);
      bodies.push(Buffer.concat(parts).toString('utf8'));
      response.writeHead(request.url === '/v1/traces' ? status : 404, { 'content-type': 'application/json' }).end('{}');
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as { port: number };
  const sent = (): readonly Span[] =>
    bodies.flatMap((body) =>
      (JSON.parse(body) as { resourceSpans: { scopeSpans: { spans: Span[] }[] }[] }).resourceSpans.flatMap(({ scopeSpans }) =>
        scopeSpans.flatMap(({ spans }) => spans),
      ),
    );
  return { url: `http://127.0.0.1:${port}`, sent, headers: () => headers };
}

afterEach(() => vi.unstubAllEnvs());

const KEY = asDigest(`sha256:${'a'.repeat(64)}`);
const at = (node: string, offset: number) => ({ node, component: 'terraform/a', step: 'plan', at: 1_700_000_000_000 + offset });
const EVENTS: readonly RunEvent[] = [
  { ...at('one', 0), type: 'queued' },
  { ...at('one', 10), type: 'started', key: KEY, description: {}, reason: 'not-in-cache' },
  { ...at('two', 20), type: 'cached', key: KEY, description: {}, from: 'remote' },
  { ...at('one', 60), type: 'finished', ms: 50, exitCode: 2 },
  { ...at('three', 70), type: 'started', key: KEY, description: {}, reason: 'never-cached' },
  { ...at('three', 90), type: 'failed', ms: 20, message: 'exit code 1' },
  { ...at('four', 95), type: 'cancelled', because: 'three failed' },
];
const RAN = { words: ['rollout', 'app', '--target', 'dev'], began: 1_700_000_000_000, code: 1, events: EVENTS };

test('a command is a span, and so is each node that ran or was found, with its times, key and outcome', async () => {
  const { url, sent } = await collector();
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', url);
  await sendSpans(RAN);
  const spans = sent();
  expect(spans.map(({ name }) => name).sort()).toEqual(['atmos-deployment rollout', 'one', 'three', 'two']);
  const byName = new Map(spans.map((span) => [span.name, span]));
  const command = byName.get('atmos-deployment rollout');
  expect(command).toMatchObject({ status: { code: 2, message: 'exit code 1' }, startTimeUnixNano: '1700000000000000000' });
  expect(command?.parentSpanId ?? '').toBe('');
  for (const name of ['one', 'two', 'three'])
    expect(byName.get(name)).toMatchObject({ parentSpanId: command?.spanId, traceId: command?.traceId });
  expect(byName.get('one')).toMatchObject({ startTimeUnixNano: '1700000000010000000', endTimeUnixNano: '1700000000060000000' });
  expect(byName.get('three')?.status).toMatchObject({ code: 2, message: 'exit code 1' });
  const attributes = Object.fromEntries((byName.get('two')?.attributes ?? []).map(({ key, value }) => [key, Object.values(value)[0]]));
  expect(attributes).toMatchObject({ 'atmos.key': KEY, 'atmos.cache': 'remote', 'atmos.component': 'terraform/a', 'atmos.step': 'plan' });
});

test('spans hang on the parent that the environment names, and carry its headers', async () => {
  const { url, sent, headers } = await collector();
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', url);
  vi.stubEnv('OTEL_EXPORTER_OTLP_HEADERS', 'x-team=payments');
  vi.stubEnv('TRACEPARENT', `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`);
  await sendSpans(RAN);
  expect(new Set(sent().map(({ traceId }) => traceId))).toEqual(new Set(['1'.repeat(32)]));
  expect(sent().find(({ name }) => name.startsWith('atmos'))?.parentSpanId).toBe('2'.repeat(16));
  expect(headers()[0]).toMatchObject({ 'x-team': 'payments' });
});

test('a collector that refuses or is not there is an error that says so', async () => {
  const { url } = await collector(400);
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', url);
  await expect(sendSpans(RAN)).rejects.toThrow();
  vi.stubEnv('OTEL_EXPORTER_OTLP_PROTOCOL', 'grpc');
  await expect(sendSpans(RAN)).rejects.toThrow('http/json');
});
