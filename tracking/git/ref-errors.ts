import { AtmosError } from '../../engine/index.ts';
import type { Answer } from './call.ts';

/** The remote has another history of a ledger than this clone. */
export function diverged(remote: string, ref: string): AtmosError {
  return new AtmosError(`this clone has records of ${ref} that ${remote} does not have`, {
    kind: 'refused',
    code: 'ledger-diverged',
    hint: `look at both: git log ${ref}; git fetch ${remote} ${ref} && git log FETCH_HEAD   To use the remote's records: git update-ref ${ref} FETCH_HEAD   To push yours: atmos-deployment tracking push`,
  });
}

/** Records that were made before there was a remote. */
export function notPublished(remote: string, ref: string): AtmosError {
  return new AtmosError(`this clone has records of ${ref} that ${remote} does not have: they were made before there was a remote`, {
    kind: 'refused',
    code: 'not-published',
    hint: 'push them: atmos-deployment tracking push',
  });
}

/** What the remote does not take, with its reasons. */
export function rejected(remote: string, lines: readonly string[], { stderr }: Answer): AtmosError {
  const reasons = [...new Set(lines.map((line) => /\(([^)]*)\)\s*$/.exec(line)?.[1] ?? line))].join(', ');
  const said = stderr.split('\n').filter((line) => line.startsWith('remote: '));
  return new AtmosError([`${remote} rejected the push: ${reasons}`, ...said].join('\n'), {
    kind: 'refused',
    code: 'push-rejected',
    hint: 'nothing was recorded; ask an administrator of the remote to allow pushes to refs/atmos/*',
  });
}

/** A remote that is read at one address and written to at another: records would be where nobody looks for them. */
export function pushedElsewhere(remote: string, read: string, written: string): AtmosError {
  return new AtmosError(`remote "${remote}" is read from ${withoutPassword(read)} and pushed to ${withoutPassword(written)}`, {
    kind: 'refused',
    code: 'pushed-elsewhere',
    hint: `the fetch and push URLs must be the same: unset remote.${remote}.pushurl (or url.….pushInsteadOf), or name another remote: deployments.tracking.remote in atmos.yaml`,
  });
}

function withoutPassword(address: string): string {
  return address.replace(/^([a-z+.-]+:\/\/)[^@/]*@/i, '$1');
}

/** The remote has a branch or tag that Git takes for a ref of ours. */
export function ambiguous(remote: string, ref: string, other: string): AtmosError {
  return new AtmosError(`ambiguous ref: ${ref} on ${remote} shadows ${other}, so nothing can be recorded`, {
    kind: 'refused',
    code: 'ambiguous-ref',
    hint: `remove it: git push ${remote} --delete ${ref}`,
  });
}

/** The remote did not get through, or is not there. */
export function unreachable(remote: string, { code, stderr }: Answer): AtmosError {
  return new AtmosError(`the remote "${remote}" cannot be reached: ${stderr.trim() || `exit code ${code}`}`, {
    kind: 'environment',
    code: 'remote-unreachable',
    hint: `try it: git ls-remote ${remote}   (which remote is used: deployments.tracking.remote in atmos.yaml)`,
  });
}

/** Rules are read from a branch that everybody agrees on. */
export function noDefaultBranch(remote: string): AtmosError {
  return new AtmosError(`remote "${remote}" has several branches and no default branch to read the rules from`, {
    kind: 'environment',
    code: 'no-default-branch',
    hint: 'set it on the server: git symbolic-ref HEAD refs/heads/main',
  });
}

/** A ref that names nothing, or what is not here: nothing is known of what it was for. */
export function damagedRef(ref: string): AtmosError {
  return new AtmosError(`${ref} is damaged: it names no object that this repository has`, {
    kind: 'environment',
    code: 'damaged-ref',
    hint: `check the rest: git fsck   With a remote that has it: rm "$(git rev-parse --git-path ${ref})", and rerun. Otherwise set it back to its last commit: git update-ref. To remove a lock: atmos-deployment unlock <deployment> --target <target> --force`,
  });
}

/** What Git keeps of refs and this user may not read, or what leads nowhere. */
export function unreadableRef(ref: string, cause: unknown): AtmosError {
  return new AtmosError(`${ref} can't be read: ${cause instanceof Error ? cause.message : String(cause)}`, {
    kind: 'environment',
    code: 'damaged-ref',
    hint: `check its owner and permissions: ls -la "$(git rev-parse --git-path ${ref})"`,
    cause,
  });
}

/** @throws AtmosError `damaged-ref` where Git left one out of a list */
export function refuseDamaged({ stderr }: Answer): void {
  const [, ref] = /^warning: ignoring (?:broken ref|dangling symref) (\S+)$/m.exec(stderr) ?? [];
  if (ref !== undefined) throw damagedRef(ref);
}
