import type { Listener, RunEvent } from '../engine/index.ts';
import { tell } from './streams.ts';

/** Steps that a newcomer need not hear of: they take no time, or only prepare others. */
const QUIET = new Set(['layer', 'synth', 'module', 'outputs']);

/** One line on stderr for each node that did something; with `verbose` also what was cached, and what tools print. */
export function progressLines(verbose: boolean): Listener {
  const write = (text: string): void => void tell(`${text}\n`);
  const mark = (colour: 'green' | 'red' | 'dim', sign: string): string =>
    process.getBuiltinModule('node:util').styleText(colour, sign, { stream: process.stderr });
  return (event: RunEvent) => {
    const name = `${event.component.padEnd(28)} ${event.step.padEnd(9)}`;
    switch (event.type) {
      case 'finished':
        if (verbose || !QUIET.has(event.step)) write(`  ${mark('green', '✔')} ${name} ${seconds(event.ms)}`);
        return;
      case 'failed':
        write(`  ${mark('red', '✖')} ${name} ${seconds(event.ms)}`);
        if (event.enter !== undefined) write(`    what it left is kept; open a shell in it: ${event.enter}`);
        return;
      case 'retrying':
        write(`  ${mark('red', '↻')} ${name} attempt ${event.attempt} failed: ${event.message}`);
        return;
      case 'cached':
        if (verbose) write(`  ${mark('dim', '=')} ${name} cached`);
        return;
      case 'output':
        if (verbose) write(event.text.replace(/\n$/, '').replaceAll(/^/gm, `    ${event.node} | `));
        return;
      case 'unenforced':
        if (verbose) write(`    ${event.node} | not enforced here: ${event.abilities.join(', ')}`);
        return;
      case 'waiting':
        write(`    ${event.node} | process ${event.pid} makes the same: waiting for its result`);
        return;
      case 'queued':
      case 'started':
      case 'cancelled':
        return;
      default:
        event satisfies never;
    }
  };
}

/** `1.9 s` */
export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
