/**
 * What people and programs see of a command while it runs: subscribers of its stream of events.
 *
 * In: the events of `app/`. Out: plain lines or JSON lines on stderr, a journal, spans. Nothing else writes to stderr. What a command answers goes to
 * stdout, by `cli/`.
 */
export { journal } from './journal.ts';
export { jsonLines } from './json-lines.ts';
export { type LineOptions, lines, seconds } from './lines.ts';
export { exit, masked, maskWith, writeErr, writeOut } from './streams.ts';
export { type Tracing, tracing } from './tracing.ts';
export { VERSION } from './version.ts';
