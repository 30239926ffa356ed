import { randomBytes } from 'node:crypto';
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { type CommandEvent, EVENT_VERSION, journalNames, type RunLine, type Subscriber } from '../app/index.ts';
import { isUnwritable, makePrivate } from '../engine/index.ts';

/** Characters that are written at once, at most. */
const CHUNK = 65_536;
/** Characters of a node's output that are kept, at most: a program that never stops writing does not fill the disk. */
const MOST_OUTPUT = 4_194_304;
/** How many journals are kept. */
const KEPT = 100;

/** A command, as its journal tells it. */
export type Subject = Pick<RunLine, 'command' | 'deployment' | 'target'>;

/**
 * Writes what a command does, an event a line, to `<dir>/<run>.jsonl`: made with the first event of a node, whole up to the last one that ran however the command ends.
 * Of a node's output the first 4 Mi characters are kept; of earlier journals the newest hundred. A disk that can't be written to makes no difference to the command.
 */
export function journal(dir: string, subject: Subject): { readonly subscriber: Subscriber; close(): void } {
  let file: number | undefined;
  const begin = (): number => {
    const at = Date.now();
    const run = `${new Date(at).toISOString().slice(0, 23).replaceAll(/[-:.]/g, '')}-${randomBytes(2).toString('hex')}`;
    makePrivate(dir);
    const old = journalNames(dir).slice(0, -(KEPT - 1));
    for (const name of old) rmSync(join(dir, `${name}.jsonl`), { force: true });
    const made = openSync(join(dir, `${run}.jsonl`), 'ax', 0o600);
    writeSync(made, `${JSON.stringify({ type: 'run', version: EVENT_VERSION, run, at, ...subject } satisfies RunLine)}\n`);
    return made;
  };
  let isBroken = false;
  let hasNodes = false;
  let waiting = '';
  const flush = (): void => {
    if (isBroken || !hasNodes || waiting === '') return;
    try {
      file ??= begin();
      writeSync(file, waiting);
      waiting = '';
    } catch (error) {
      if (!isUnwritable(error)) throw error;
      isBroken = true;
      if (file !== undefined) closeSync(file);
    }
  };
  const written = new Map<string, number>();
  /** What is kept of an event: `undefined` of what comes after the most of a node's output. */
  const kept = (event: CommandEvent): CommandEvent | undefined => {
    if (event.type !== 'output') return event;
    const before = written.get(event.node) ?? 0;
    if (before >= MOST_OUTPUT) return undefined;
    written.set(event.node, before + event.text.length);
    if (before + event.text.length < MOST_OUTPUT) return event;
    return { ...event, text: `${event.text.slice(0, MOST_OUTPUT - before)}\n[what this node wrote further was not kept]\n` };
  };
  const subscriber: Subscriber = (all) => {
    const event = kept(all);
    if (event === undefined) return;
    waiting += `${JSON.stringify(event)}\n`;
    // What runs no node is not on record.
    hasNodes ||= 'component' in event && 'step' in event;
    // Of what nothing ran for there may be very much: it is written together.
    if (hasNodes && ((event.type !== 'queued' && event.type !== 'cached') || waiting.length > CHUNK)) flush();
  };
  return { subscriber, close: flush };
}
