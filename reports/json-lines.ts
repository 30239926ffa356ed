import type { Subscriber } from '../app/index.ts';
import { writeErr } from './streams.ts';

/** Each event as a line of JSON on stderr, as the published schema has it (`schemas/event.json`). */
export const jsonLines: Subscriber = (event) => {
  writeErr(`${JSON.stringify(event)}\n`);
};
