import { type CommandEvent, type Events, type Subscriber, warn } from '../app/index.ts';
import type { RunEvent } from '../engine/index.ts';

/** Whether the environment asks for spans (OpenTelemetry, "General SDK Configuration" and "OTLP Exporter Configuration"). */
function isAsked(env: NodeJS.ProcessEnv): boolean {
  if (env.OTEL_SDK_DISABLED?.toLowerCase() === 'true' || env.OTEL_TRACES_EXPORTER === 'none') return false;
  return (env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? env.OTEL_EXPORTER_OTLP_ENDPOINT ?? '') !== '';
}

/** Notes what spans are made of, and sends them once the exit code is known. */
export interface Tracing {
  readonly subscriber: Subscriber;
  /** What can't be sent is a warning, and fails nothing. */
  send(code: number): Promise<void>;
}

/** `undefined` where nobody asks for spans. */
export function tracing(events: Events): Tracing | undefined {
  if (!isAsked(process.env)) return undefined;
  const recorded: RunEvent[] = [];
  return {
    subscriber: (event) => {
      if (isOfNode(event) && event.type !== 'output') recorded.push(event);
    },
    async send(code) {
      // A command that runs no node has none.
      if (recorded.length === 0) return;
      try {
        // Large, and asked for by few.
        const { sendSpans } = await import('./spans.ts');
        await sendSpans({ words: process.argv.slice(2), began: Date.now() - process.uptime() * 1000, code, events: recorded });
      } catch (error) {
        warn(events, `the spans of this command could not be sent: ${error instanceof Error ? error.message : String(error)}`);
      }
    },
  };
}

function isOfNode(event: CommandEvent): event is CommandEvent & RunEvent {
  return 'node' in event && 'step' in event;
}
