import { join } from 'node:path';
import { sha256 } from '../../engine/index.ts';
import { FUNCTIONS, type Functions, Namespace, sourceFunctions, type Value } from '../../gotemplate/index.ts';
import type { Host } from '../evaluation/context.ts';
import type { GitFacts, ResolveOptions } from '../evaluation/options.ts';
import { suggestion } from '../model/nearest.ts';
import type { Impurity } from '../model/scope.ts';
import type { Project } from '../project/project.ts';
import { variableFunctions } from '../templates/variables.ts';
import type { DataFiles } from './data-files.ts';
import type { GuardedEnv } from './secrets.ts';

/** Functions of templates that give something else each time. */
const UNSTEADY = 'now ago shuffle uuid uuidv4 randAlpha randAlphaNum randNumeric randAscii randInt randBytes encryptAES'.split(' ');

/** What configuration asks of this machine and of Git, with a note of whatever the commit does not decide. */
export interface HostContext {
  readonly host: Host;
  readonly functions: Functions;
  impure(): Readonly<Record<string, Impurity>>;
}

export function hostContextOf(
  { git, remote, root, noExec }: ResolveOptions,
  { deployments, stores }: Project,
  files: DataFiles,
  repository: string,
  { env, hasSecrets, isSecret, check, forCommands }: GuardedEnv,
): HostContext {
  const noted = new Map<string, Impurity>();
  const note = (what: string, answer: string): string => {
    noted.set(what, sha256(answer));
    return answer;
  };
  const ran = new Map<string, string>();
  const facts = (): GitFacts => {
    const found = git();
    if (found === undefined) throw new Error('this needs a Git repository with a commit');
    return found;
  };
  const unsteady = UNSTEADY.map((name) => {
    const call = (...args: Value[]): Value => {
      noted.set(name, null);
      return FUNCTIONS[name]?.(...args);
    };
    return [name, call] as const;
  });
  return {
    host: {
      env,
      hasSecrets,
      isSecret,
      mayExec: deployments.exec !== 'deny',
      stores,
      root,
      repository: () => note('repository directory', join(root, repository)),
      read: (path) => files.text(path),
      branch: () => note('git.branch', facts().branch),
      commit: () => facts().sha,
      remote() {
        const url = remote();
        return url === undefined ? undefined : note('git.remote', url);
      },
      // A command runs once, however often it is asked for.
      exec(command) {
        if (deployments.exec === 'deny') throw new Error('atmos.yaml forbids it (deployments.functions.exec: deny)');
        if (noExec !== undefined) throw new Error(noExec);
        const known = ran.get(command);
        if (known !== undefined) return known;
        // Loaded when the first command runs: most stacks run none.
        const { execFileSync } = process.getBuiltinModule('node:child_process');
        const said = execFileSync('sh', ['-c', command], {
          cwd: root,
          encoding: 'utf8',
          stdio: ['ignore', 'pipe', 'pipe'],
          env: forCommands(),
        });
        check(said);
        const text = said.replace(/[\r\n]+$/, '');
        ran.set(command, text);
        return note(`!exec ${command}`, text);
      },
    },
    functions: {
      ...Object.fromEntries(unsteady),
      git: () => {
        const { sha, short_sha, branch } = facts();
        return new Namespace('git', { sha, short_sha, branch: () => note('git.branch', branch) });
      },
      ...variableFunctions((name) => env[name] ?? ''),
      ...sourceFunctions(
        {},
        { env, root, read: (path) => files.text(path), suggest: (name, names) => suggestion(name, names, 'datasources') },
      ),
    },
    impure: () => Object.fromEntries([...noted].sort(([a], [b]) => (a < b ? -1 : 1))),
  };
}
