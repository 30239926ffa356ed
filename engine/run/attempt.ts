import { AtmosError } from '../base/errors.ts';
import type { Cancellation, ExecResult, NodeIo, ResolvedExec, Runtime } from '../graph/runtime.ts';

/** More milliseconds no timer takes: some 24 days. */
const LONGEST = 2 ** 31 - 1;

/** How long a command that took too long may take to end by itself, in milliseconds. */
const GRACE = 10_000;

/**
 * Runs a command once, for as long as it may take: then it is interrupted, and a while later ended by force.
 * @throws AtmosError `timeout`, and what the runtime throws
 */
export async function runWithin(runtime: Runtime, step: ResolvedExec, io: NodeIo, cancellation: Cancellation): Promise<ExecResult> {
  const { timeoutMs } = step.exec;
  if (timeoutMs === undefined) return runtime.run(step, io, cancellation);
  const interrupt = new AbortController();
  const force = new AbortController();
  let killing: NodeJS.Timeout | undefined;
  const limit = setTimeout(
    () => {
      interrupt.abort();
      killing = setTimeout(() => force.abort(), GRACE);
    },
    Math.min(timeoutMs, LONGEST),
  );
  try {
    const result = await runtime.run(step, io, {
      interrupt: AbortSignal.any([cancellation.interrupt, interrupt.signal]),
      force: AbortSignal.any([cancellation.force, force.signal]),
    });
    // It ended in time after all, or the user was first.
    if (!interrupt.signal.aborted || cancellation.interrupt.aborted || step.exec.succeeds.includes(result.exitCode)) return result;
    throw tookTooLong(timeoutMs);
  } catch (error) {
    // Its files were not even laid out in that time.
    const isOurs = interrupt.signal.aborted && !cancellation.interrupt.aborted;
    throw isOurs && error instanceof AtmosError && error.kind === 'interrupted' ? tookTooLong(timeoutMs) : error;
  } finally {
    clearTimeout(limit);
    clearTimeout(killing);
  }
}

function tookTooLong(timeoutMs: number): AtmosError {
  return new AtmosError(`timed out after ${timeoutMs / 1000} s`, {
    kind: 'failed',
    code: 'timeout',
    hint: 'increase its timeout, or see its last output',
  });
}
