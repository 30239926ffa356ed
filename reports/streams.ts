import { writeSync } from 'node:fs';
import { harmless } from './shown.ts';

const STDOUT = 1;
/** The streams, once they were used: to make one costs a start more than all that is said over it. */
const used: { stdout?: NodeJS.WriteStream; stderr?: NodeJS.WriteStream } = {};

let mask = (text: string): string => text;

/** From now on all that others say, and we pass on, passes this: what tools print, errors. Our own words, names and digests say nothing secret. */
export function maskWith(hide: (text: string) => string): void {
  mask = hide;
}

/** A text of somebody else's without what is secret in it. */
export function masked(text: string): string {
  return mask(text);
}

/** Writes to stdout, where answers go. What a reader does not take at once waits for him. */
export function writeOut(raw: string): void {
  const text = harmless(raw);
  if (used.stdout !== undefined) {
    used.stdout.write(text);
    return;
  }
  let rest = Buffer.from(text);
  try {
    while (rest.length > 0) rest = rest.subarray(writeSync(STDOUT, rest));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EAGAIN') open('stdout').write(rest);
    // Who reads may go before we have said all, as `head` does: what is under way goes on, and ends as it should.
    else if (code !== 'EPIPE') throw error;
  }
}

/** Writes to stderr, where progress and errors go. Never waits: who reads slowly holds up nothing. */
export function writeErr(text: string): void {
  (used.stderr ?? open('stderr')).write(harmless(text));
}

function open(name: 'stdout' | 'stderr'): NodeJS.WriteStream {
  const stream = process[name];
  used[name] = stream;
  return stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

/** Ends this process once what it said has left it: a pipe takes 64 KiB, the rest waits for its reader. */
export async function exit(code: number): Promise<never> {
  for (const stream of [used.stdout, used.stderr]) {
    if (stream !== undefined && stream.writableLength > 0) {
      await new Promise<void>((resolve) => void stream.write('', () => resolve()));
    }
  }
  process.exit(code);
}
