import { Command, CommanderError, Option } from 'commander';
import { AtmosError } from '../engine/index.ts';
import { VERSION, writeErr, writeOut } from '../reports/index.ts';
import { FORMATS, LOG_FORMATS } from './answers/formats.ts';
import type { Globals } from './answers/globals.ts';
import { begin, end } from './command/events.ts';
import { addMaintenance } from './commands/maintenance.ts';
import { addPhases } from './commands/phases.ts';
import { addQueries } from './commands/queries.ts';
import { addTracking } from './commands/tracking.ts';

export { exit } from '../reports/index.ts';

/** What asks for help. */
const HELP_WORDS = ['help', '--help', '-h'];

/** Runs the command line; returns the exit code. */
export async function runProgram(argv: readonly string[]): Promise<number> {
  const verb = verbIn(argv);
  const program = makeProgram(verb);
  let globals: Globals | undefined;
  let code = 0;
  program.hook('preAction', (_, command) => {
    globals = command.optsWithGlobals<Globals>();
    begin(globals, { deployment: argument(command, 'deployment'), target: command.opts().target ?? argument(command, 'target') });
  });
  program.hook('postAction', () => {
    code = typeof process.exitCode === 'number' ? process.exitCode : code;
  });
  try {
    checkDirectory();
    const verbs = [...VERBS, 'help'];
    // Loaded where something is wrong.
    if (verb !== undefined && !verbs.includes(verb)) (await import('./command/mistakes.ts')).refuseUnknown(verb, verbs);
    if (argv.some((word) => HELP_WORDS.includes(word))) (await import('./commands/explain.ts')).explain(program);
    await program.parseAsync([...argv], { from: 'user' });
  } catch (error) {
    // Commander has said what is wrong; help and version are no errors.
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return 0;
      const command = program.commands.find((one) => one.name() === verb);
      writeErr((await import('./command/mistakes.ts')).hintOf(error, command, argv) ?? '');
      return 2;
    }
    const { report } = await import('./command/errors.ts');
    begin(globals);
    code = await report(error, globals?.format ?? 'table');
  }
  await end(code);
  return code;
}

/** What a command line gives for an argument of its verb. */
function argument(command: Command, name: string): string | undefined {
  const at = command.registeredArguments.findIndex((one) => one.name() === name);
  return at === -1 ? undefined : command.args[at];
}

/** @throws AtmosError `no-directory` where somebody has removed the directory that this was started in */
function checkDirectory(): void {
  try {
    process.cwd();
  } catch (cause) {
    throw new AtmosError('the current directory does not exist any more', {
      kind: 'environment',
      code: 'no-directory',
      hint: 'change to a directory that exists',
      cause,
    });
  }
}

/** Verbs by what adds them: a command line that names one needs no other, and making all of them is a good part of a start. */
const GROUPS: readonly { readonly verbs: readonly string[]; readonly add: (program: Command) => void }[] = [
  { verbs: ['list', 'describe', 'validate', 'graph'], add: addQueries },
  { verbs: ['build', 'test', 'plan', 'release', 'rollout', 'verify', 'destroy', 'reproduce', 'images'], add: addPhases },
  { verbs: ['doctor', 'cache', 'logs', 'explain'], add: addMaintenance },
  { verbs: ['status', 'history', 'diff', 'releases', 'approve', 'unlock', 'state', 'tracking'], add: addTracking },
];

/** All that there are. */
export const VERBS: readonly string[] = GROUPS.flatMap((group) => group.verbs);

/** The first word that is neither a flag nor a flag's value. */
function verbIn(argv: readonly string[]): string | undefined {
  const at = argv.findIndex(
    (word, index) => !word.startsWith('-') && !['--format', '--chdir', '--config', '--log-format'].includes(argv[index - 1] ?? ''),
  );
  return argv[at];
}

/** The whole command line; or, for a verb that there is, as much of it as that needs. */
export function makeProgram(verb?: string): Command {
  const program = new Command('atmos-deployment')
    .description(
      'Deploy applications declared in one file: containerized builds and plans, content-addressed releases, deployment history in Git.',
    )
    .version(VERSION)
    .exitOverride()
    .configureOutput({ writeOut, writeErr })
    .showSuggestionAfterError()
    .addOption(new Option('--format <form>', 'output format').choices(FORMATS).default('table'))
    .option('--chdir <dir>', 'run as if started in this directory', '.')
    .option('--config <file>', 'path of atmos.yaml, relative to the repository root')
    .option('--verbose', 'verbose output', false)
    .addOption(new Option('--log-format <form>', 'log format').choices(LOG_FORMATS).default('plain'))
    .option('--quiet', 'suppress progress output', false)
    .option('--no-color', 'disable colors (also NO_COLOR=1)');
  program.on('option:no-color', () => {
    process.env.NO_COLOR = '1';
  });
  const group = GROUPS.find(({ verbs }) => verb !== undefined && verbs.includes(verb));
  for (const { add } of group === undefined ? GROUPS : [group]) add(program);
  return program;
}
