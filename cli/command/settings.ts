import { openWorkspace, type RunSettings, type Workspace } from '../../app/index.ts';
import { RUNTIMES } from '../../containers/index.ts';
import { AtmosError } from '../../engine/index.ts';
import { journal, maskWith } from '../../reports/index.ts';
import { type Globals, oneOf } from '../answers/globals.ts';
import { events } from './events.ts';

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
  const workspace = await openWorkspace({ chdir: globals.chdir, config: globals.config, events });
  maskWith(workspace.mask);
  events.maskWith(workspace.mask);
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
  recordIn(logsRoot, globals);
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
    mask: workspace.mask,
  };
}

/** Writes a journal of this command. */
function recordIn(logsRoot: string, { words, target }: Globals): void {
  const subject = { command: process.argv.slice(2), deployment: words[0] ?? null, target: target ?? null };
  const { subscriber, close } = journal(logsRoot, subject);
  process.once('exit', close);
  events.subscribe(subscriber);
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
      events.emit({ type: 'interrupted', forced: true });
      force.abort();
    } else {
      events.emit({ type: 'interrupted', forced: false });
      interrupt.abort();
    }
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return { interrupt: interrupt.signal, force: force.signal };
}
