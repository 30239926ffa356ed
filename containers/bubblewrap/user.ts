import { shellWord } from '../../engine/index.ts';

/** The user that commands run as, in every sandbox, as they see it. */
const NOBODY = 65_534;

/** The file descriptor at which `bwrap` finds the user namespace that it is to enter. */
const NAMESPACE_FD = 5;

/**
 * Who users inside are outside: all are themselves, but root is somebody whom nobody is, and the other way round. So root's files stay within reach of
 * `bwrap` while it makes the sandbox, and the command runs as nobody, also outside.
 */
const MAP = ['0 4294967294 1', '1 1 4294967293', '4294967294 0 1'];

/** How a command of ours becomes the user that commands run as. */
export interface SandboxUser {
  /** Whom files belong to that the command may write to. */
  readonly owner: { readonly uid: number; readonly gid: number };
  /** Commands of a shell, by which it can start sandboxes. */
  readonly prelude: string;
  /** The arguments of `bwrap` that make the command that user. */
  readonly args: readonly string[];
  /** Whether it is another user than ours, who is root: then what a sandbox is in needs no user namespace of its own. */
  readonly isAnother: boolean;
  /** A command of a shell in a sandbox: whether all came about. */
  readonly look: string;
}

/** In a user namespace of its own that user stands for whoever we are. */
function ourselves(): SandboxUser {
  const owner = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  return { owner, prelude: '', args: ['--unshare-user', '--uid', String(NOBODY), '--gid', String(NOBODY)], isAnother: false, look: ':' };
}

/**
 * Who may run commands, the best first. Whoever runs this as root has commands that are root in no respect, where this machine lets us: `bwrap` enters a
 * user namespace that a process of ours has made, and becomes nobody there.
 */
export function sandboxUsers(unshare: string | undefined): readonly [SandboxUser, ...SandboxUser[]] {
  if (process.getuid?.() !== 0 || unshare === undefined) return [ourselves()];
  const another: SandboxUser = {
    owner: { uid: NOBODY, gid: NOBODY },
    prelude: prelude(unshare),
    // It closes what it was to read a byte from before it went on.
    args: ['--userns', String(NAMESPACE_FD), '--block-fd', String(NAMESPACE_FD), '--uid', String(NOBODY), '--gid', String(NOBODY)],
    isAnother: true,
    look: `[ ! -e /proc/self/fd/${NAMESPACE_FD} ] && [ "$(id -u)" = ${NOBODY} ]`,
  };
  return [another, ourselves()];
}

/** Makes the namespace by a process that enters it, and opens it; the process need not stay. */
const prelude = (unshare: string): string => {
  const lines = MAP.map((line) => shellWord(line)).join(' ');
  return `${shellWord(unshare)} --user -- sleep 60 & holder=$!
until [ ! /proc/$holder/ns/user -ef /proc/$$/ns/user ]; do :; done
printf '%s\\n' ${lines} > /proc/$holder/uid_map && printf '%s\\n' ${lines} > /proc/$holder/gid_map && exec ${NAMESPACE_FD}</proc/$holder/ns/user || exit 1
{ kill -KILL $holder; wait $holder; } 2>/dev/null
`;
};
