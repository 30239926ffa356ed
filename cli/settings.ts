import { journal, openWorkspace, type RunSettings, type Workspace } from '../app/index.ts';
import { RUNTIMES } from '../containers/index.ts';
import { AtmosError, type Listener } from '../engine/index.ts';
import { forPeople } from './errors.ts';
import { type Globals, oneOf } from './globals.ts';
import { progressLines } from './progress.ts';
import { maskWith, tell } from './streams.ts';
import { traced } from './tracing.ts';

/** What the verbs that run nodes take. */
export interface RunFlags {
  readonly runtime: string | undefined;
  readonly parallelism: string | undefined;
  readonly cache: boolean;
  readonly keepGoing: boolean;
  readonly keep: boolean;
  /** Of verbs that take a target's lock. */
  readonly lockTimeout?: string;
}

/** Does some work in the workspace that the flags name, and closes it, whatever happens. */
export async function inWorkspace<T>(globals: Globals, work: (workspace: Workspace) => Promise<T>): Promise<T> {
  const warn = (what: string | AtmosError): void =>
    void tell(typeof what === 'string' ? `warning: ${what}\n` : `${forPeople(what, 'warning')}\n`);
  const workspace = await openWorkspace({ chdir: globals.chdir, config: globals.config, warn });
  maskWith(workspace.mask);
  try {
    return await work(workspace);
  } finally {
    await workspace.close();
  }
}

/**
 * How nodes are run: what the flags say, else the environment, else `atmos.yaml`. From here on Ctrl-C asks the tools to end by themselves, and
 * a second one ends them.
 */
export function runSettings(globals: Globals, flags: RunFlags, workspace: Workspace): RunSettings {
  const { project, logsRoot } = workspace;
  const { engine } = project.deployments;
  const cancellation = interrupts();
  workspace.stopBy(cancellation);
  const runtime = flags.runtime ?? process.env.ATMOS_DEPLOYMENT_RUNTIME ?? engine.runtime;
  return {
    runtime: oneOf('the runtime', runtime, RUNTIMES),
    parallelism:
      parallelismOf(flags.parallelism) ?? engine.parallelism ?? Math.max(10, process.getBuiltinModule('node:os').availableParallelism()),
    pools: engine.pools,
    keepGoing: flags.keepGoing,
    noCache: !flags.cache,
    keep: flags.keep,
    isolation: engine.isolation,
    cancellation,
    lockTimeoutMs: lockTimeoutOf(flags.lockTimeout),
    listener: traced(both(recordIn(logsRoot, globals), shownBy(globals))),
    mask: workspace.mask,
    onRuntime: (name) => {
      if (globals.verbose) tell(`  containers: ${name}\n`);
    },
  };
}

/** Writes a journal of this command. */
function recordIn(logsRoot: string, { words, target }: Globals): Listener {
  const subject = { command: process.argv.slice(2), deployment: words[0] ?? null, target: target ?? null };
  const { listener, close } = journal(logsRoot, subject);
  process.once('exit', close);
  return listener;
}

function both(first: Listener, second: Listener): Listener {
  return (event) => {
    first(event);
    second(event);
  };
}

/** How events are shown on the way. */
function shownBy({ quiet, verbose, logFormat }: Globals): Listener {
  if (logFormat === 'json') return (event) => void tell(`${JSON.stringify(event)}\n`);
  return quiet ? () => undefined : progressLines(verbose);
}

function parallelismOf(flag: string | undefined): number | undefined {
  if (flag === undefined) return undefined;
  if (/^[1-9]\d{0,4}$/.test(flag)) return Number(flag);
  throw new AtmosError(`--parallelism can't be "${flag}"`, { kind: 'invalid', code: 'usage', hint: 'it is a positive integer' });
}

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000 };

/** How long to wait for a target's lock, in milliseconds: where a person waits, not at all unless asked to; in CI for a while. */
function lockTimeoutOf(flag: string | undefined): number {
  const text = flag ?? ((process.env.CI ?? '') === '' ? '0s' : '10m');
  const [, count, unit = ''] = /^(\d{1,6})(s|m|h)$/.exec(text === '0' ? '0s' : text) ?? [];
  if (count !== undefined) return Number(count) * (UNITS[unit] ?? 0);
  throw new AtmosError(`--lock-timeout can't be "${text}"`, { kind: 'invalid', code: 'usage', hint: 'write 90s, 10m or 1h' });
}

function interrupts() {
  const interrupt = new AbortController();
  const force = new AbortController();
  const onSignal = (): void => {
    if (interrupt.signal.aborted) {
      tell('\nending what still runs by force\n');
      force.abort();
    } else {
      tell('\nstopping: what runs was asked to stop, and is waited for (again to end it by force)\n');
      interrupt.abort();
    }
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return { interrupt: interrupt.signal, force: force.signal };
}
