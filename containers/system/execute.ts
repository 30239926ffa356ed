import type { ExecFileOptions } from 'node:child_process';

/**
 * What a program prints, as UTF-8 text.
 * @throws the error of `execFile`, with `code` and `stderr`, when it can't be started or does not exit with 0
 */
export async function execute(program: string, args: readonly string[], options: ExecFileOptions): Promise<string> {
  // Bundled, an imported execFile is loaded late, and has not the property that promisify looks for.
  const { execFile } = process.getBuiltinModule('node:child_process');
  const { promisify } = process.getBuiltinModule('node:util');
  return (await promisify(execFile)(program, args, { ...options, encoding: 'utf8' })).stdout;
}
