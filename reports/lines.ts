import type { CommandEvent, Subscriber } from '../app/index.ts';
import type { AtmosError } from '../engine/index.ts';
import { noticeText, wordOf } from './notice.ts';
import { writeErr } from './streams.ts';

/** Steps that a newcomer need not hear of: they take no time, or only prepare others. */
const QUIET = new Set(['layer', 'synth', 'module', 'component', 'outputs']);

export interface LineOptions {
  /** Also what was cached, what tools print, and where an internal error comes from. */
  readonly verbose: boolean;
  /** Errors and warnings alone. */
  readonly quiet: boolean;
  /** Whether the answer is for people: then they are told what it is about. */
  readonly isForPeople: boolean;
}

/** Plain lines on stderr: one for each node that did something, warnings, errors. */
export function lines({ verbose, quiet, isForPeople }: LineOptions): Subscriber {
  const write = (text: string): void => writeErr(`${text}\n`);
  let errors = 0;
  return (event, source) => {
    if (event.type === 'error') errors += 1;
    if (event.type === 'command-finished' && errors > 1) write(`${errors} errors`);
    const text = always(event, source, verbose) ?? (quiet ? undefined : progress(event, verbose, isForPeople));
    if (text !== undefined) write(text);
  };
}

/** What is told however little is asked for. */
function always(event: CommandEvent, source: AtmosError | undefined, verbose: boolean): string | undefined {
  switch (event.type) {
    case 'warning':
      return source === undefined ? `warning: ${event.message}` : noticeText(event, 'warning', source.position);
    case 'error':
      return noticeText(event, wordOf(event.kind), source?.position) + (verbose && source?.stack !== undefined ? `\n${source.stack}` : '');
    case 'lock-waiting':
      return `waiting for the lock: ${event.message}`;
    case 'interrupted':
      return event.forced
        ? '\nstopping running nodes by force'
        : '\nstopping: waiting for running nodes to finish (press Ctrl-C again to force)';
    default:
      return undefined;
  }
}

function progress(event: CommandEvent, verbose: boolean, isForPeople: boolean): string | undefined {
  const mark = (colour: 'green' | 'red' | 'dim', sign: string): string =>
    process.getBuiltinModule('node:util').styleText(colour, sign, { stream: process.stderr });
  const line = (sign: string, step: { readonly component: string; readonly step: string }, said: string): string =>
    `  ${sign} ${step.component.padEnd(28)} ${step.step.padEnd(9)} ${said}`;
  switch (event.type) {
    case 'target':
      return isForPeople ? `${event.deployment} → ${event.target}` : undefined;
    case 'runtime':
      return verbose ? `  containers: ${event.name}` : undefined;
    case 'finished':
      return verbose || !QUIET.has(event.step) ? line(mark('green', '✔'), event, seconds(event.ms)) : undefined;
    case 'failed':
      return (
        line(mark('red', '✖'), event, seconds(event.ms)) +
        (event.enter === undefined ? '' : `\n    its files are kept; open a shell in them: ${event.enter}`)
      );
    case 'retrying':
      return line(mark('red', '↻'), event, `attempt ${event.attempt} failed: ${event.message}`);
    case 'cached':
      return verbose ? line(mark('dim', '='), event, 'cached') : undefined;
    case 'output':
      return verbose ? event.text.replace(/\n$/, '').replaceAll(/^/gm, `    ${event.node} | `) : undefined;
    case 'unenforced':
      return verbose ? `    ${event.node} | not enforced here: ${event.abilities.join(', ')}` : undefined;
    case 'waiting':
      return `    ${event.node} | waiting for process ${event.pid}, which runs the same node`;
    default:
      return undefined;
  }
}

/** `1.9 s` */
export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
