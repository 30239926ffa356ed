import { EVENT_VERSION, type Events, eventStream } from '../../app/index.ts';
import { now } from '../../engine/index.ts';
import { jsonLines, lines, type Tracing, tracing } from '../../reports/index.ts';
import type { Globals } from '../answers/globals.ts';

/** The events of this command. */
export const events: Events = eventStream();

let tracer: Tracing | undefined;
let began: number | undefined;

/** What a command is about, as far as its words say it. */
interface Subject {
  readonly deployment?: string | undefined;
  readonly target?: string | undefined;
}

/** Shows this command's events as the user wants them, and begins. Without flags, where these could not be read, as usual. */
export function begin(globals?: Globals, { deployment, target }: Subject = {}): void {
  if (began !== undefined) return;
  began = now();
  const { verbose = false, quiet = false, logFormat = 'plain', format = 'table' } = globals ?? {};
  events.subscribe(logFormat === 'json' ? jsonLines : lines({ verbose, quiet, isForPeople: format === 'table' }));
  tracer = tracing(events);
  if (tracer !== undefined) events.subscribe(tracer.subscriber);
  const command = process.argv.slice(2);
  events.emit({ type: 'command-started', version: EVENT_VERSION, command, deployment: deployment ?? null, target: target ?? null });
}

/** Ends the command, whose exit code is known. */
export async function end(exitCode: number): Promise<void> {
  await tracer?.send(exitCode);
  if (began !== undefined) events.emit({ type: 'command-finished', exitCode, ms: Math.round(now() - began) });
}
