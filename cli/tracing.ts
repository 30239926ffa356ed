import type { Listener, RunEvent } from '../engine/index.ts';
import { tell } from './streams.ts';

/** What this command's nodes did, as far as spans tell it; `undefined` for a command that runs none, or where nobody asks for spans. */
let recorded: RunEvent[] | undefined;

/** Whether the environment asks for spans (OpenTelemetry, "General SDK Configuration" and "OTLP Exporter Configuration"). */
function isAsked(env: NodeJS.ProcessEnv): boolean {
  if (env.OTEL_SDK_DISABLED?.toLowerCase() === 'true' || env.OTEL_TRACES_EXPORTER === 'none') return false;
  return (env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? env.OTEL_EXPORTER_OTLP_ENDPOINT ?? '') !== '';
}

/** A listener that also notes what spans are made of, where they are asked for. */
export function traced(listener: Listener): Listener {
  if (!isAsked(process.env)) return listener;
  const events: RunEvent[] = [];
  recorded = events;
  return (event) => {
    if (event.type !== 'output') events.push(event);
    listener(event);
  };
}

/** Sends the spans of this command, whose exit code is known. What can't be sent is told, and fails nothing. */
export async function sendTraces(code: number): Promise<void> {
  if (recorded === undefined) return;
  try {
    // Large, and asked for by few.
    const { sendSpans } = await import('./spans.ts');
    await sendSpans({ words: process.argv.slice(2), began: Date.now() - process.uptime() * 1000, code, events: recorded });
  } catch (error) {
    tell(`warning: the spans of this command could not be sent: ${error instanceof Error ? error.message : String(error)}\n`);
  }
}
