import { randomBytes } from 'node:crypto';
import { closeSync, openSync, readdirSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { AtmosError, isMissing, isObject, isUnwritable, type Listener, makePrivate, type RunEvent } from '../engine/index.ts';

/** Characters that are written at once, at most. */
const CHUNK = 65_536;
/** Characters of a node's output that are kept, at most: a program that never stops writing does not fill the disk. */
const MOST_OUTPUT = 4_194_304;
/** How many journals are kept. */
const KEPT = 100;
/** Changes whenever an event changes its form. */
const EVENT_VERSION = 1;

/** The first line of a journal: the command. */
export interface RunLine {
  readonly type: 'run';
  readonly version: typeof EVENT_VERSION;
  /** When it began and a random part: sorts by time. */
  readonly run: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** What the user wrote. */
  readonly command: readonly string[];
  /** What it was about: runs of one deployment and target are compared with one another. `null` where it named none. */
  readonly deployment: string | null;
  readonly target: string | null;
}

/** A command, as its journal tells it. */
export type Subject = Pick<RunLine, 'command' | 'deployment' | 'target'>;

export interface Journal {
  readonly run: RunLine;
  /** Without the last line, where a command was killed while it wrote that. */
  readonly events: readonly RunEvent[];
}

/**
 * Writes what a command does, an event a line, to `<dir>/<run>.jsonl`: made with the first event, whole up to the last one that ran however the command ends.
 * Of a node's output the first 4 Mi characters are kept; of earlier journals the newest hundred. A disk that can't be written to makes no difference to the command.
 */
export function journal(dir: string, subject: Subject): { readonly listener: Listener; close(): void } {
  let file: number | undefined;
  const begin = (): number => {
    const at = Date.now();
    const run = `${new Date(at).toISOString().slice(0, 23).replaceAll(/[-:.]/g, '')}-${randomBytes(2).toString('hex')}`;
    makePrivate(dir);
    const old = runNames(dir).slice(0, -(KEPT - 1));
    for (const name of old) rmSync(join(dir, `${name}.jsonl`), { force: true });
    const made = openSync(join(dir, `${run}.jsonl`), 'ax', 0o600);
    writeSync(made, `${JSON.stringify({ type: 'run', version: EVENT_VERSION, run, at, ...subject } satisfies RunLine)}\n`);
    return made;
  };
  let isBroken = false;
  let waiting = '';
  const flush = (): void => {
    if (isBroken || waiting === '') return;
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
  const kept = (event: RunEvent): RunEvent | undefined => {
    if (event.type !== 'output') return event;
    const before = written.get(event.node) ?? 0;
    if (before >= MOST_OUTPUT) return undefined;
    written.set(event.node, before + event.text.length);
    if (before + event.text.length < MOST_OUTPUT) return event;
    return { ...event, text: `${event.text.slice(0, MOST_OUTPUT - before)}\n[what this node wrote further was not kept]\n` };
  };
  const listener: Listener = (all) => {
    const event = kept(all);
    if (event === undefined) return;
    waiting += `${JSON.stringify(event)}\n`;
    // Of what nothing ran for there may be very much: it is written together.
    if ((event.type !== 'queued' && event.type !== 'cached') || waiting.length > CHUNK) flush();
  };
  return { listener, close: flush };
}

/** The runs that are on record, oldest first. */
function runNames(dir: string): readonly string[] {
  try {
    return readdirSync(dir)
      .flatMap((name) => (name.endsWith('.jsonl') ? [name.slice(0, -'.jsonl'.length)] : []))
      .sort();
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** Reads a journal; `undefined` when another process has dropped it, or has only begun it. */
function readJournal(dir: string, name: string): Journal | undefined {
  const text = textOf(dir, name);
  if (text === undefined) return undefined;
  const lines = text.split('\n').slice(0, -1);
  const [run, ...events] = lines.map((line) => JSON.parse(line) as unknown);
  return isObject(run) && run.version === EVENT_VERSION
    ? { run: run as unknown as RunLine, events: events as readonly RunEvent[] }
    : undefined;
}

function textOf(dir: string, name: string): string | undefined {
  try {
    return readFileSync(join(dir, `${name}.jsonl`), 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** A run by its name or its beginning; `last` is the newest. @throws AtmosError `no-run` */
export function findRun(dir: string, wanted: string): Journal {
  const names = runNames(dir);
  const matching = wanted === 'last' ? names.slice(-1) : names.filter((name) => name.startsWith(wanted));
  const [name, another] = matching;
  const found = name === undefined || another !== undefined ? undefined : readJournal(dir, name);
  if (found !== undefined) return found;
  throw new AtmosError(another === undefined ? `there is no run "${wanted}" on record` : `"${wanted}" begins the names of several runs`, {
    kind: 'invalid',
    code: 'no-run',
    hint: names.length === 0 ? 'runs are recorded from the first node on that they run' : 'list them: atmos-deployment logs',
  });
}

/** How many journals tell how long nodes take. */
const TELLING = 3;

/** How long nodes took the last time that they ran, in milliseconds. */
export function durationsIn(dir: string): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const name of runNames(dir).slice(-TELLING)) {
    const text = textOf(dir, name) ?? '';
    // The last line may be cut off; the others need not be read for this.
    for (const line of text.split('\n').slice(0, -1)) {
      if (!line.includes('"type":"finished"')) continue;
      const event = JSON.parse(line) as RunEvent;
      if (event.type === 'finished') found.set(event.node, event.ms);
    }
  }
  return found;
}

/** All journals, newest first, each read when it is asked for. */
export function* journals(dir: string): Generator<Journal> {
  for (const name of runNames(dir).toReversed()) {
    const found = readJournal(dir, name);
    if (found !== undefined) yield found;
  }
}
