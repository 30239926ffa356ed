import { childProcess } from './process.ts';

/** The commit that is checked out, for templates; `undefined` where there is no Git, no repository or no commit. Asks Git at once. */
export function headFacts(dir: string): { readonly sha: string; readonly short_sha: string; readonly branch: string } | undefined {
  try {
    const question = ['-C', dir, 'rev-parse', 'HEAD', '--abbrev-ref', 'HEAD'];
    const [sha = '', branch = ''] = childProcess()
      .execFileSync('git', question, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
      .split('\n');
    return { sha, short_sha: sha.slice(0, 7), branch };
  } catch {
    return undefined;
  }
}
