import { gitEnvironment } from './environment.ts';
import { childProcess } from './process.ts';

/** The commit that is checked out, for templates; `undefined` where there is no Git, no repository or no commit. Asks Git at once. */
export function headFacts(dir: string): { readonly sha: string; readonly short_sha: string; readonly branch: string } | undefined {
  try {
    const question = ['-C', dir, 'rev-parse', 'HEAD', '--abbrev-ref', 'HEAD'];
    const [sha = '', branch = ''] = childProcess()
      .execFileSync('git', question, { encoding: 'utf8', env: gitEnvironment(), stdio: ['ignore', 'pipe', 'ignore'] })
      .split('\n');
    return { sha, short_sha: sha.slice(0, 7), branch };
  } catch {
    return undefined;
  }
}

/** The address of the remote `origin`, else of the first one, as it was set; `undefined` where there is none. Asks Git at once. */
export function remoteUrl(dir: string): string | undefined {
  try {
    const lines = childProcess()
      .execFileSync('git', ['-C', dir, 'config', '--get-regexp', '^remote\\..*\\.url$'], {
        encoding: 'utf8',
        env: gitEnvironment(),
        stdio: ['ignore', 'pipe', 'ignore'],
      })
      .split('\n');
    const line = lines.find((one) => one.startsWith('remote.origin.url ')) ?? lines[0] ?? '';
    return line === '' ? undefined : line.slice(line.indexOf(' ') + 1);
  } catch {
    return undefined;
  }
}
