import { type Attributes, type Context, ROOT_CONTEXT, SpanStatusCode, TraceFlags, type Tracer, trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, type ReadableSpan, type SpanExporter, TracerProvider } from '@opentelemetry/sdk-trace';
import type { RunEvent } from '../engine/index.ts';
import { VERSION } from './version.ts';

/** A command that ran. Times are milliseconds since the epoch. */
export interface Ran {
  /** The command line, without the program. */
  readonly words: readonly string[];
  readonly began: number;
  readonly code: number;
  readonly events: readonly RunEvent[];
}

/** How long a collector may take, in milliseconds. */
const TIMEOUT = 5_000;

/**
 * A span for a command and one for each node that ran or was found, over OTLP (HTTP, JSON), where the environment says. A `TRACEPARENT` of the
 * environment is the parent (W3C Trace Context): spans of a pipeline hang together.
 * @throws Error when the collector does not take them
 */
export async function sendSpans(ran: Ran): Promise<void> {
  const protocol = process.env.OTEL_EXPORTER_OTLP_TRACES_PROTOCOL ?? process.env.OTEL_EXPORTER_OTLP_PROTOCOL ?? 'http/json';
  if (protocol === 'grpc') throw new Error('OTEL_EXPORTER_OTLP_PROTOCOL is grpc, and they are sent over HTTP: set it to http/json');
  const failures: Error[] = [];
  const exporter = noting(new OTLPTraceExporter({ timeoutMillis: TIMEOUT }), failures);
  const own = resourceFromAttributes({ 'service.name': 'atmos-deployment', 'service.version': VERSION });
  const provider = new TracerProvider({
    resource: defaultResource()
      .merge(own)
      .merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: [new BatchSpanProcessor({ exporter, exportTimeoutMillis: TIMEOUT, maxQueueSize: 100_000 })],
  });
  record(provider.getTracer('atmos-deployment', VERSION), ran);
  await provider.forceFlush();
  await provider.shutdown();
  if (failures[0] !== undefined) throw failures[0];
}

/** An exporter whose failures are ours to tell: the SDK only logs them. */
function noting(exporter: SpanExporter, failures: Error[]): SpanExporter {
  return {
    export: (spans: ReadableSpan[], done) =>
      exporter.export(spans, (result) => {
        if (result.error !== undefined) failures.push(result.error);
        done(result);
      }),
    shutdown: () => exporter.shutdown(),
    forceFlush: async () => exporter.forceFlush?.(),
  };
}

function record(tracer: Tracer, { words, began, code, events }: Ran): void {
  const verb = words.find((word) => !word.startsWith('-')) ?? '';
  const attributes = { 'process.command_args': [...words], 'process.exit.code': code };
  const command = tracer.startSpan(`atmos-deployment ${verb}`, { startTime: began, attributes }, parentIn(process.env.TRACEPARENT));
  if (code !== 0) command.setStatus({ code: SpanStatusCode.ERROR, message: `exit code ${code}` });
  const within = trace.setSpan(ROOT_CONTEXT, command);
  const started = new Map<string, RunEvent & { readonly type: 'started' }>();
  for (const event of events) {
    if (event.type === 'started') started.set(event.node, event);
    const span = spanOf(event, started.get(event.node));
    if (span === undefined) continue;
    const { from, attributes: found, error } = span;
    const made = tracer.startSpan(event.node, { startTime: from, attributes: { ...describe(event), ...found } }, within);
    if (error !== undefined) made.setStatus({ code: SpanStatusCode.ERROR, message: error });
    made.end(event.at);
  }
  command.end(Date.now());
}

function describe({ node, component, step }: RunEvent): Attributes {
  return { 'atmos.node': node, 'atmos.component': component, 'atmos.step': step };
}

/** What an event ends: a node that ran, or one whose result was there. */
function spanOf(
  event: RunEvent,
  start: (RunEvent & { readonly type: 'started' }) | undefined,
): { readonly from: number; readonly attributes: Attributes; readonly error?: string } | undefined {
  switch (event.type) {
    case 'cached':
      return { from: event.at, attributes: { 'atmos.key': event.key, 'atmos.cache': event.from ?? 'local' } };
    case 'finished':
      return { from: start?.at ?? event.at - event.ms, attributes: { ...keyOf(start), 'process.exit.code': event.exitCode } };
    case 'failed':
      return { from: start?.at ?? event.at - event.ms, attributes: keyOf(start), error: event.message };
    default:
      return undefined;
  }
}

function keyOf(start: { readonly key: string; readonly reason: string } | undefined): Attributes {
  return start === undefined ? {} : { 'atmos.key': start.key, 'atmos.cache': start.reason };
}

/** `00-<trace id>-<parent id>-<flags>`; anything else is no parent. */
function parentIn(text: string | undefined): Context {
  const [, traceId, spanId, flags] = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(text ?? '') ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return ROOT_CONTEXT;
  const traceFlags = Number.parseInt(flags, 16) & TraceFlags.SAMPLED;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true });
}
