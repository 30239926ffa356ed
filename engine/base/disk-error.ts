import { AtmosError, errorCode } from './errors.ts';

const FULL =
  'make room, for example: atmos-deployment cache prune --max-size 2GB   (to move the cache: deployments.engine.cache.dir in atmos.yaml)';
const CLOSED = 'make it writable, or move the cache: deployments.engine.cache.dir in atmos.yaml';

const DENIED = 'no permission';
const CASES: Readonly<Record<string, readonly [what: string, code: string, hint: string]>> = {
  ENOSPC: ['no space is left on the disk', 'disk-full', FULL],
  EDQUOT: ['disk quota exceeded', 'disk-full', FULL],
  EROFS: ['the disk is read-only', 'not-writable', CLOSED],
  EACCES: [DENIED, 'not-writable', CLOSED],
  EPERM: [DENIED, 'not-writable', CLOSED],
  ENAMETOOLONG: ['a name is too long for this file system', 'name-too-long', 'shorten it: 255 bytes a name, about 4000 a path'],
  EMFILE: ['too many files are open', 'too-many-files', 'allow more: ulimit -n 4096; or run fewer nodes at once: --parallelism 4'],
  ENFILE: ['too many files are open on this machine', 'too-many-files', 'run fewer nodes at once: --parallelism 4'],
};

/** What an error of the operating system means that is the machine's affair, not a fault of ours; `undefined` for any other. */
export function diskError(error: unknown): AtmosError | undefined {
  const found = CASES[errorCode(error) ?? ''];
  if (found === undefined || !(error instanceof Error)) return undefined;
  const [what, code, hint] = found;
  const path = 'path' in error && typeof error.path === 'string' ? error.path : undefined;
  // Without a path it is not about a file.
  if (path === undefined && what === DENIED) return undefined;
  return new AtmosError(`${what}${path === undefined ? '' : `: ${path}`}`, { kind: 'environment', code, hint, cause: error });
}
