import { suggestion } from '../../config/index.ts';
import { isObject } from '../../engine/index.ts';
import type { Commands } from './commands.ts';

const COMMANDS = ['install', 'build', 'test', 'plan', 'rollout', 'destroy', 'read'] as const;
const LISTS = ['inputs', 'outputs'] as const;
const NETWORKS = ['none', 'bridge', 'host'];
const KEYS: readonly string[] = ['image', 'network', ...COMMANDS, ...LISTS];
/** How long a command may be, in bytes: Linux gives a program no longer argument than 128 KiB. */
export const LONGEST = 120 * 1024;

/** What a kind says are the commands of a component, whole: what it leaves out is nothing to do. @throws TypeError for what can't be run */
export function checkedCommands(address: string, given: unknown): Commands {
  const refuse = (text: string): TypeError => new TypeError(`the commands of ${address} ${text}`);
  if (given instanceof Promise) {
    given.catch(() => undefined);
    throw refuse('are a promise: "commands" must not be async');
  }
  if (!isObject(given)) throw refuse('are not an object');
  const unknown = Object.keys(given).find((key) => !KEYS.includes(key));
  if (unknown !== undefined) throw refuse(`have an unknown key "${unknown}"${meant(unknown)}`);
  const { image, network = 'bridge' } = given;
  if (typeof image !== 'string' || image === '') throw refuse('must name an "image"');
  if (!NETWORKS.includes(network as string))
    throw refuse(`must have one of ${NETWORKS.join(', ')} as "network", got ${JSON.stringify(network)}`);
  const wrong = COMMANDS.find((key) => (given[key] ?? null) !== null && (typeof given[key] !== 'string' || given[key] === ''));
  if (wrong !== undefined) throw refuse(`must have a string that is not empty, or null, as "${wrong}"`);
  const long = COMMANDS.find((key) => Buffer.byteLength(String(given[key] ?? '')) > LONGEST);
  if (long !== undefined) throw refuse(`must have at most ${LONGEST / 1024} KiB as "${long}": put it in a script, and run that`);
  const zero = COMMANDS.find((key) => String(given[key] ?? '').includes('\0'));
  if (zero !== undefined) throw refuse(`must have no zero byte in "${zero}"`);
  const option = COMMANDS.find((key) => String(given[key] ?? '').startsWith('-'));
  if (option !== undefined) throw refuse(`must begin with the name of a program, not with "-", in "${option}"`);
  const wrongList = LISTS.find((key) => given[key] !== undefined && !isTexts(given[key]));
  if (wrongList !== undefined) throw refuse(`must have a list of strings as "${wrongList}"`);
  const text = (key: (typeof COMMANDS)[number]): string | null => (given[key] as string | null | undefined) ?? null;
  const texts = (key: (typeof LISTS)[number]): readonly string[] => (given[key] as readonly string[] | undefined) ?? [];
  if ((text('rollout') === null) !== (text('destroy') === null)) throw refuse('must have both "rollout" and "destroy", or neither');
  if (text('rollout') === null && (text('plan') ?? text('read')) !== null) throw refuse('have "plan" or "read", but no "rollout"');
  if ((text('read') === null) !== (texts('outputs').length === 0)) throw refuse('must have both "read" and "outputs", or neither');
  const commands = Object.fromEntries(COMMANDS.map((key) => [key, text(key)])) as Pick<Commands, (typeof COMMANDS)[number]>;
  return { image, network: network as Commands['network'], inputs: texts('inputs'), outputs: texts('outputs'), ...commands };
}

function meant(key: string): string {
  const hint = suggestion(key, KEYS, 'keys there');
  return hint === undefined ? '' : ` (${hint})`;
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((one) => typeof one === 'string' && one !== '');
}
