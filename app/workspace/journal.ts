import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AtmosError, isMissing, isObject, type RunEvent } from '../../engine/index.ts';
import { EVENT_VERSION } from './events.ts';

/** Versions of events that can be read: those of nodes are the same in both. */
const READABLE: readonly unknown[] = [1, EVENT_VERSION];

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

export interface Journal {
  readonly run: RunLine;
  /** Those of nodes; without the last line, where a command was killed while it wrote that. */
  readonly events: readonly RunEvent[];
}

/** The runs that are on record, oldest first. */
export function journalNames(dir: string): readonly string[] {
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
  return isObject(run) && READABLE.includes(run.version) ? { run: run as unknown as RunLine, events: events.filter(isOfNode) } : undefined;
}

function isOfNode(event: unknown): event is RunEvent {
  return isObject(event) && typeof event.node === 'string' && typeof event.step === 'string';
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
  const names = journalNames(dir);
  const matching = wanted === 'last' ? names.slice(-1) : names.filter((name) => name.startsWith(wanted));
  const [name, another] = matching;
  const found = name === undefined || another !== undefined ? undefined : readJournal(dir, name);
  if (found !== undefined) return found;
  throw new AtmosError(another === undefined ? `no run "${wanted}" is recorded` : `run prefix "${wanted}" is ambiguous`, {
    kind: 'invalid',
    code: 'no-run',
    hint: names.length === 0 ? 'runs that start no node are not recorded' : 'list them: atmos-deployment logs',
  });
}

/** How many journals tell how long nodes take. */
const TELLING = 3;

/** How long nodes took the last time that they ran, in milliseconds. */
export function durationsIn(dir: string): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const name of journalNames(dir).slice(-TELLING)) {
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
  for (const name of journalNames(dir).toReversed()) {
    const found = readJournal(dir, name);
    if (found !== undefined) yield found;
  }
}
