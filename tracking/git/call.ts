import { AtmosError, errorCode } from '../../engine/index.ts';
import { childProcess } from './process.ts';

export interface CallOptions {
  readonly cwd: string;
  readonly input?: string | Uint8Array;
  readonly env?: Readonly<Record<string, string>>;
  /** Exit codes that are an answer, not an error. */
  readonly answers?: readonly number[];
}

export interface Answer {
  readonly code: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** Git that asks nobody anything, in one language, and takes no lock that it can do without. */
const ENVIRONMENT = { GIT_TERMINAL_PROMPT: '0', LC_ALL: 'C', GIT_OPTIONAL_LOCKS: '0', GIT_PAGER: 'cat' };

/**
 * Runs one git command.
 * @throws AtmosError `git-missing`, or `git-failed` with what git said.
 */
export async function callGit(args: readonly string[], { cwd, input, env, answers = [0] }: CallOptions): Promise<Answer> {
  const answer = await new Promise<Answer>((resolve, reject) => {
    const child = childProcess().spawn('git', args, {
      cwd,
      env: { ...process.env, ...ENVIRONMENT, ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
      // Whoever kills us and all our group does not catch Git with a lock file in its hand.
      detached: true,
    });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    child.on('error', (cause) => reject(missing(cause)));
    child.on('close', (code) =>
      resolve({ code: code ?? 128, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString('utf8') }),
    );
    // A command that ends early closes its input: its exit code says why.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
  if (answers.includes(answer.code)) return answer;
  throw new AtmosError(`git ${args[0]} failed: ${answer.stderr.trim() || `exit code ${answer.code}`}`, {
    kind: 'environment',
    code: 'git-failed',
  });
}

/** What a command that could not be started failed with, for the reader. */
export function missing(cause: unknown): unknown {
  if (errorCode(cause) !== 'ENOENT') return cause;
  return new AtmosError('there is no git command on this machine', {
    kind: 'environment',
    code: 'git-missing',
    hint: 'install it: sudo apt-get install git',
    cause,
  });
}
