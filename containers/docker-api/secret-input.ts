import { randomBytes } from 'node:crypto';
import { AtmosError, shellWord } from '../../engine/index.ts';

/** What a container is started with so that it gets secrets which its engine does not know. */
export interface SecretInput {
  /** The command with what reads the secrets in front of it. */
  readonly argv: readonly string[];
  /** What is written to its standard input. */
  readonly text: string;
}

/**
 * Runs the commands between two lines that are its first argument, and becomes the rest of its arguments, which read nothing. What comes before is not ours:
 * Podman hands the request's own body on. Nothing but what POSIX's shell has itself: an image may have no other program. Its own names are none that a node has.
 */
const READ = `atmos_deployment_mark=$1; shift; atmos_deployment_text=; atmos_deployment_begun=
while IFS= read -r atmos_deployment_line; do
  if [ "$atmos_deployment_line" != "$atmos_deployment_mark" ]; then
    atmos_deployment_text="$atmos_deployment_text$atmos_deployment_line
"
  elif [ -z "$atmos_deployment_begun" ]; then
    atmos_deployment_begun=yes
    atmos_deployment_text=
  else
    eval "$atmos_deployment_text"
    unset atmos_deployment_mark atmos_deployment_text atmos_deployment_begun atmos_deployment_line
    exec "$@" < /dev/null
  fi
done
echo "its secrets did not arrive: the connection to the engine was lost" >&2
exit 125`;

/** Variables that some shell sets by itself, or lets nobody set. */
const SHELLS = new Set(
  '_ BASHOPTS BASHPID BASH_VERSINFO DIRSTACK EPOCHREALTIME EPOCHSECONDS EUID FUNCNAME GROUPS HISTCMD LINENO OPTIND PPID RANDOM SECONDS SHELLOPTS SRANDOM UID'.split(
    ' ',
  ),
);

/**
 * Secrets as a container's environment, by way of its standard input: what an engine is told when it makes a container it shows to everybody who may ask it,
 * and keeps on its disk. `undefined` where there are none.
 * @throws AtmosError `secret-name` for a name that no shell knows, or that is a shell's own
 */
export function secretInput(argv: readonly string[], secrets: Readonly<Record<string, string>>): SecretInput | undefined {
  const entries = Object.entries(secrets);
  if (entries.length === 0) return undefined;
  const odd = entries.find(([name]) => !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) || SHELLS.has(name));
  if (odd !== undefined) {
    throw new AtmosError(`secret name ${odd[0]} is not a valid environment variable name for a shell`, {
      kind: 'invalid',
      code: 'secret-name',
      hint: 'use another name, of letters, digits and _; or --runtime bubblewrap',
    });
  }
  const mark = randomBytes(16).toString('hex');
  const lines = entries.map(([name, value]) => `export ${name}=${shellWord(value)}\n`);
  return { argv: ['/bin/sh', '-c', READ, 'sh', mark, ...argv], text: `\n${mark}\n${lines.join('')}${mark}\n` };
}
