import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve as resolvePath } from 'node:path';
import { loadDeployment, resolve, type Scope, workingTree } from '../../config/index.ts';
import { projectOf } from './repository.ts';

export const CONFORMANCE = resolvePath(import.meta.dirname, '../conformance');
/** Stands for the repository's directory in what is expected. */
export const ROOT_MARK = ['$', '{ROOT}'].join('');
const ENV = { CONFORMANCE_REGION: 'eu-central-1', CONFORMANCE_JSON: '{"a": 1}' };
const AUTHOR = { GIT_AUTHOR_NAME: 'C', GIT_AUTHOR_EMAIL: 'c@example.com', GIT_COMMITTER_NAME: 'C', GIT_COMMITTER_EMAIL: 'c@example.com' };

export function cases(of: string): readonly string[] {
  return readdirSync(join(CONFORMANCE, of)).sort();
}

/** A copy of a case as a repository of its own: branch `main`, one commit, no remote. */
export class Case {
  readonly root: string;

  constructor(of: string, name: string) {
    this.root = mkdtempSync(join(tmpdir(), 'atmos-case-'));
    cpSync(join(CONFORMANCE, of, name), this.root, { recursive: true });
    const git = (...args: readonly string[]): void =>
      void execFileSync('git', ['-C', this.root, ...args], { stdio: 'ignore', env: { ...process.env, ...AUTHOR } });
    git('init', '--quiet', '--initial-branch=main');
    git('add', '--all');
    git('commit', '--quiet', '--message=Case');
  }

  /** What a deployment of these components resolves to, with an empty section for each and one target with nothing in it. */
  async resolve(stack: string, components: readonly string[]): Promise<Scope> {
    const files = workingTree(this.root);
    const sections = new Map<string, string[]>();
    for (const address of components) {
      const [kind = '', ...name] = address.split('/');
      sections.set(kind, [...(sections.get(kind) ?? []), name.join('/')]);
    }
    const lines = [...sections].flatMap(([kind, names]) => [`    ${kind}:`, ...names.map((name) => `      ${JSON.stringify(name)}: {}`)]);
    const text = `deployment:\n  name: case\n  stacks: [${JSON.stringify(stack)}]\n  components:\n${lines.join('\n')}\n  targets: { only: {} }\n`;
    const deploymentFile = 'deployments/case.yaml';
    const withDeployment = {
      list: files.list,
      read: async (path: string) => (path === deploymentFile ? Buffer.from(text) : files.read(path)),
    };
    const project = await projectOf(withDeployment);
    const deployment = await loadDeployment({ files: withDeployment, project }, 'case');
    return resolve({ files: withDeployment, project }, deployment, 'only', {
      root: this.root,
      git: () => ({ sha: '', short_sha: '', branch: 'main' }),
      remote: () => undefined,
      env: { ...process.env, ...ENV },
    });
  }

  read(path: string): string {
    return readFileSync(join(this.root, path), 'utf8').replaceAll(ROOT_MARK, this.root);
  }

  close(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** JSON for comparison: whole numbers by their digits, however many; what is missing, null or empty left out at the top. */
export function comparable(text: string): Readonly<Record<string, unknown>> {
  const exact = (_key: string, value: unknown, context?: { readonly source?: string }): unknown =>
    typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(context?.source ?? '')
      ? `integer ${context?.source}`
      : value;
  // TypeScript's library does not know the third parameter yet (ECMAScript: JSON.parse source text access).
  const value = JSON.parse(text, exact as Parameters<typeof JSON.parse>[1]) as Record<string, unknown>;
  return Object.fromEntries(Object.entries(value).filter(([, section]) => !isEmpty(section)));
}

function isEmpty(value: unknown): boolean {
  if (value === null || value === '' || value === undefined) return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}
