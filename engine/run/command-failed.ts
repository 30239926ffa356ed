import type { AtmosError } from '../base/errors.ts';
import type { Limits } from '../graph/node.ts';
import type { ExecResult } from '../graph/runtime.ts';
import type { NodeResult } from '../store/index.ts';

/** What a limit has to do with how a command ended. */
export function hitText({ hit, exitCode }: ExecResult, { memoryMiB, pids }: Limits): string {
  if (hit === 'memory') return ` (it needs more memory than its limit of ${memoryMiB} MiB)`;
  if (hit === 'pids') return ` (it starts more processes than its limit of ${pids})`;
  return exitCode === 137 ? ` (killed: perhaps it needs more memory than its limit of ${memoryMiB} MiB)` : '';
}

/** A command's failure, with what it left. Caught where outcomes are made. */
export class CommandFailed extends Error {
  readonly error: AtmosError;
  readonly outputs: NodeResult['outputs'];
  readonly enter: string | undefined;
  /** The end of what it printed: for those who waited for it, too. */
  readonly tail: string;
  constructor(error: AtmosError, { outputs, enter }: Pick<ExecResult, 'outputs' | 'enter'>, tail: string) {
    super(error.message);
    this.error = error;
    this.outputs = outputs;
    this.enter = enter;
    this.tail = tail;
  }
}
