/** As `from`: wherever the ref points, if it is there at all. Only where another ref of the same update decides. */
export const ANY = 'any';

/** One step of a compare-and-swap. `undefined` is "no such ref": as `from` it must not be there yet, as `to` it is deleted. */
export interface RefUpdate {
  readonly ref: string;
  readonly from: string | undefined;
  readonly to: string | undefined;
}

/** What `git update-ref --stdin` is told for an update. */
export function instruction({ ref, from, to }: RefUpdate): string {
  if (from === ANY) return to === undefined ? `delete ${ref}` : `update ${ref} ${to}`;
  if (from === undefined) return to === undefined ? `verify ${ref}` : `create ${ref} ${to}`;
  return to === undefined ? `delete ${ref} ${from}` : `update ${ref} ${to} ${from}`;
}

/** Lines of an id, a separator, a name. */
export function parseRefs(out: Buffer, separator: string): ReadonlyMap<string, string> {
  const lines = out.toString('utf8').split('\n');
  return new Map(
    lines.flatMap((line) => {
      const [id, ref] = line.split(separator);
      return id === undefined || ref === undefined ? [] : [[ref, id] as const];
    }),
  );
}

/** Flags of every fetch: it gets what is asked for, and changes nothing else of the clone. */
export const FETCH = [
  '--progress',
  '--no-tags',
  '--no-prune',
  '--no-write-fetch-head',
  '--no-auto-maintenance',
  '--no-recurse-submodules',
] as const;

export function isLedger(ref: string): boolean {
  return ref.startsWith('refs/atmos/ledger/');
}

/** Whether a ref is one that a pattern means, a whole name or what ends with `/*`: `git ls-remote` also gives what merely ends like it. */
export function isMeant(ref: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => (pattern.endsWith('/*') ? ref.startsWith(pattern.slice(0, -1)) : ref === pattern));
}

/** The ref of ours that Git takes another one for when it is told where to push (git-push(1)); `undefined` for those that it takes for none. */
export function takenFor(ref: string): string | undefined {
  const [, kind, other] = /^refs\/(tags\/|heads\/|remotes\/)?(refs\/.+)$/.exec(ref) ?? [];
  return kind === 'remotes/' ? other?.replace(/\/HEAD$/, '') : other;
}
