import { Command, CommanderError, Option } from 'commander';
import { FORMATS, LOG_FORMATS } from './formats.ts';
import type { Globals } from './globals.ts';
import type { RunFlags } from './settings.ts';
import { say, tell } from './streams.ts';
import { sendTraces } from './tracing.ts';
import { VERSION } from './version.ts';

export { exit } from './streams.ts';

/** Runs the command line; returns the exit code. */
export async function runProgram(argv: readonly string[]): Promise<number> {
  const program = makeProgram(verbIn(argv));
  let globals: Globals | undefined;
  let code = 0;
  program.hook('preAction', (_, command) => {
    globals = command.optsWithGlobals<Globals>();
  });
  program.hook('postAction', () => {
    code = typeof process.exitCode === 'number' ? process.exitCode : code;
  });
  try {
    await program.parseAsync([...argv], { from: 'user' });
  } catch (error) {
    // Commander has said what is wrong; help and version are no errors.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    const { report } = await import('./errors.ts');
    code = await report(error, globals?.format ?? 'table', globals?.verbose ?? false);
  }
  await sendTraces(code);
  return code;
}

/** Verbs by what adds them: a command line that names one needs no other, and making all of them is a good part of a start. */
const GROUPS: readonly { readonly verbs: readonly string[]; readonly add: (program: Command) => void }[] = [
  { verbs: ['list', 'describe', 'validate', 'graph'], add: addQueries },
  { verbs: ['build', 'test', 'plan', 'release', 'rollout', 'verify', 'destroy', 'reproduce', 'images'], add: addPhases },
  { verbs: ['doctor', 'cache', 'logs', 'explain'], add: addUpkeep },
  { verbs: ['status', 'history', 'diff', 'releases', 'approve', 'unlock', 'state'], add: addTracking },
];

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
    .description('Deploys applications that are declared in one file: containerized, content-addressed, recorded in Git.')
    .version(VERSION)
    .exitOverride()
    .configureOutput({ writeOut: say, writeErr: tell })
    .showSuggestionAfterError()
    .addOption(new Option('--format <form>', 'form of the answer').choices(FORMATS).default('table'))
    .option('--chdir <dir>', 'work as if started there', '.')
    .option('--config <file>', 'another atmos.yaml, relative to the root')
    .option('--verbose', 'say more', false)
    .addOption(new Option('--log-format <form>', 'form of what is said on the way').choices(LOG_FORMATS).default('plain'))
    .option('--quiet', 'say nothing on the way', false)
    .option('--no-color', 'no colours (also NO_COLOR=1)');
  program.on('option:no-color', () => {
    process.env.NO_COLOR = '1';
  });
  const group = GROUPS.find(({ verbs }) => verb !== undefined && verbs.includes(verb));
  for (const { add } of group === undefined ? GROUPS : [group]) add(program);
  return program;
}

function addQueries(program: Command): void {
  program
    .command('list')
    .description('the deployments of this repository')
    .action(async (_, command: Command) => (await import('./verbs/list.ts')).list(globalsOf(command)));
  program
    .command('describe <deployment>')
    .description('what a target is made of, each value resolved')
    .option('--target <name>')
    .option('--component <address>', 'this component alone')
    .option('--dry-run', 'say which nodes would be run', false)
    .option('--all-targets', 'every target of the deployment', false)
    .option('--provenance', 'name the file and line that set each value, and those that it overrode', false)
    .action(async (name, options, command: Command) => (await import('./verbs/describe.ts')).describe(globalsOf(command), name, options));
  program
    .command('validate [deployment]')
    .description('everything that is wrong with a deployment, or with all of them')
    .option('--sarif', 'print what is wrong as SARIF, for editors and CI', false)
    .action(async (name, options, command: Command) => (await import('./verbs/validate.ts')).validate(globalsOf(command), name, options));
  program
    .command('graph <deployment>')
    .description('targets in order of promotion, components in order of dependency')
    .option('--target <name>')
    .addOption(new Option('--as <form>', 'form of the drawing').choices(['text', 'mermaid', 'dot']).default('text'))
    .action(async (name, options, command: Command) => (await import('./verbs/graph.ts')).graph(globalsOf(command), name, options));
}

function addPhases(program: Command): void {
  withRunFlags(program.command('build <deployment>').description('build the images of the working tree'))
    .option('--target <name>')
    .option('--component <address>', 'this component alone')
    .option('--dry-run', 'say which nodes would be run', false)
    .action(async (name, options, command: Command) => (await import('./verbs/phases.ts')).buildVerb(globalsOf(command), name, options));
  withRunFlags(program.command('test <deployment>').description('test the working tree: what comes with each kind, and your own nodes'))
    .option('--target <name>')
    .option('--component <address>', 'this component alone')
    .option('--dry-run', 'say which nodes would be run', false)
    .action(async (name, options, command: Command) => (await import('./verbs/phases.ts')).testVerb(globalsOf(command), name, options));
  withRunFlags(program.command('plan <deployment>').description('what a rollout of the working tree would change'))
    .option('--target <name>')
    .action(async (name, options, command: Command) => (await import('./verbs/plan.ts')).planVerb(globalsOf(command), name, options));
  withRunFlags(
    program
      .command('release')
      .description('make a release; show one')
      .argument('[deployment]')
      .argument('[id]', 'after `show` and `export`: the release, or the beginning of its digest')
      .argument('[dir]', 'after `export`: where to'),
  )
    .usage('<deployment> [--target <name>]\n       atmos-deployment release show <id>\n       atmos-deployment release export <id> <dir>')
    .option('--target <name>')
    .option('--allow-dirty', 'take what is not committed, and say so in it', false)
    .action(async (name, id, dir, options, command: Command) => {
      const verbs = await import('./verbs/release.ts');
      if (name === 'export') return verbs.exportRelease(globalsOf(command), id, dir);
      return name === 'show' ? verbs.showRelease(globalsOf(command), id) : verbs.release(globalsOf(command), name, options);
    });
  withRunFlags(program.command('rollout <deployment>').description('bring a release to its target, and record it'))
    .option('--target <name>')
    .option('--promote-from <target>', 'take what that target runs')
    .option('--release <id>', 'take this release: back, forth, or from another target')
    .option('--allow-dirty', 'take what is not committed, and record it as such', false)
    .option('--all', 'run every component, also those that are up to date', false)
    .option('--component <address>', 'this component alone, whether or not it is up to date')
    .option('--prune', 'destroy components that run and are no longer declared', false)
    .option('--dry-run', 'say what would be run', false)
    .action(async (name, options, command: Command) => (await import('./verbs/rollout.ts')).rolloutVerb(globalsOf(command), name, options));
  withRunFlags(
    program.command('verify <deployment>').description('whether a target still is as it was deployed, and your own checks of it'),
  )
    .option('--target <name>')
    .action(async (name, options, command: Command) => (await import('./verbs/phases.ts')).verifyVerb(globalsOf(command), name, options));
  withRunFlags(program.command('destroy <deployment>').description('destroy everything a target runs'))
    .option('--target <name>')
    .option('--component <address>', 'this component alone, declared or not')
    .option('--yes', 'without asking', false)
    .action(async (name, options, command: Command) => (await import('./verbs/destroy.ts')).destroyVerb(globalsOf(command), name, options));
  withRunFlags(
    program.command('reproduce <release>').description('make a release again, from its commit and pins alone, and compare'),
  ).action(async (id, _, command: Command) => (await import('./verbs/reproduce.ts')).reproduceVerb(globalsOf(command), id));
  const images = program.command('images').description('the images that nodes run in');
  images
    .command('list <deployment>')
    .description('those that the lock file pins')
    .action(async (name, _, command: Command) => (await import('./verbs/images.ts')).listImagesVerb(globalsOf(command), name));
  images
    .command('verify <deployment>')
    .description("whether this machine's programs still make those that the lock file pins, and tags still name them")
    .action(async (name, _, command: Command) => (await import('./verbs/images.ts')).verifyImagesVerb(globalsOf(command), name));
  images
    .command('build <deployment>')
    .description("assemble them from this machine's programs, and pin them in the deployment's lock file")
    .action(async (name, _, command: Command) => (await import('./verbs/images.ts')).buildImagesVerb(globalsOf(command), name));
  images
    .command('pull <deployment>')
    .description("pull those that registries have, and pin them in the deployment's lock file")
    .option('--update', 'take what their tags name now, though they are pinned', false)
    .action(async (name, options, command: Command) =>
      (await import('./verbs/images.ts')).pullImagesVerb(globalsOf(command), name, options),
    );
}

function addUpkeep(program: Command): void {
  program
    .command('doctor')
    .description('what this machine has of what deployments need, and what to do about the rest')
    .action(async (_, command: Command) => (await import('./verbs/doctor.ts')).doctor(globalsOf(command)));
  program
    .command('logs [run] [node]')
    .description('the runs on record; what one printed (`last` is the newest), or one node of it')
    .action(async (run, node, _, command: Command) => (await import('./verbs/logs.ts')).logs(globalsOf(command), run, node));
  program
    .command('explain <node>')
    .description('why a node ran the last time, or did not: what of its key was another')
    .action(async (node, _, command: Command) => (await import('./verbs/logs.ts')).explain(globalsOf(command), node));
  const cache = program.command('cache').description('what earlier runs left for later ones');
  cache
    .command('stats')
    .description('how much there is')
    .action(async (_, command: Command) => (await import('./verbs/cache.ts')).cacheStats(globalsOf(command)));
  cache
    .command('verify')
    .description('read all of it, and drop what is damaged')
    .action(async (_, command: Command) => (await import('./verbs/cache.ts')).verifyCache(globalsOf(command)));
  cache
    .command('prune')
    .description('drop what is old or too much, and what nothing needs')
    .option('--older-than <age>', 'what was not used for so long: 30d, 12h')
    .option('--max-size <size>', 'until no more is left: 10GB, 500MiB')
    .action(async (options, command: Command) => (await import('./verbs/cache.ts')).prune(globalsOf(command), options));
}

function addTracking(program: Command): void {
  program
    .command('status [deployment]')
    .description('what runs where')
    .action(async (name, _, command: Command) => (await import('./verbs/status.ts')).status(globalsOf(command), name));
  program
    .command('history <deployment>')
    .description('what was done to a target, newest first')
    .option('--target <name>')
    .option('--limit <n>', 'no more than this many', '20')
    .action(async (name, options, command: Command) => (await import('./verbs/history.ts')).history(globalsOf(command), name, options));
  withRunFlags(program.command('diff <deployment> <before> <after>').description('what differs between targets, releases or commits'))
    .option('--target <name>', 'which target a commit is looked at for')
    .action(async (name, before, after, options, command: Command) =>
      (await import('./verbs/diff.ts')).diff(globalsOf(command), name, before, after, options),
    );
  program
    .command('releases [deployment]')
    .description('the releases that were kept')
    .action(async (name, _, command: Command) => (await import('./verbs/releases.ts')).releases(globalsOf(command), name));
  program
    .command('approve <deployment>')
    .description('approve a release for its target')
    .requiredOption('--target <name>')
    .requiredOption('--release <id>')
    .action(async (name, options, command: Command) => (await import('./verbs/approve.ts')).approveVerb(globalsOf(command), name, options));
  const state = program.command('state').description("components' Terraform states: rescued ones, and local ones of other clones");
  withRunFlags(state.command('push <deployment> <component>').description('write a rescued state to its backend'))
    .option('--target <name>')
    .action(async (name, component, options, command: Command) =>
      (await import('./verbs/state.ts')).pushStateVerb(globalsOf(command), name, component, options),
    );
  state
    .command('discard <deployment> <component>')
    .description('give a rescued state up')
    .option('--target <name>')
    .option('--yes', 'confirm it', false)
    .action(async (name, component, options, command: Command) =>
      (await import('./verbs/state.ts')).discardStateVerb(globalsOf(command), name, component, options),
    );
  state
    .command('import <deployment> <component> <file>')
    .description('take a copy of a local state into this clone')
    .option('--target <name>')
    .action(async (name, component, file, options, command: Command) =>
      (await import('./verbs/state.ts')).importStateVerb(globalsOf(command), name, component, file, options),
    );
  withRunFlags(program.command('unlock <deployment>').description("take a target's lock away from whoever holds it, and record that"))
    .requiredOption('--target <name>')
    .option('--state <component>', "release the lock that a component's state has in its backend instead")
    .option('--force', 'yes, though somebody may be at work', false)
    .action(async (name, options, command: Command) => (await import('./verbs/unlock.ts')).unlock(globalsOf(command), name, options));
}

function withRunFlags(command: Command): Command {
  return command
    .option('--runtime <name>', 'auto, bubblewrap or docker')
    .option('--parallelism <n>', 'how many nodes run at once')
    .option('--keep-going', 'after a failure, go on with what does not depend on it', false)
    .option('--no-cache', 'run every node, whatever is cached')
    .option('--keep', 'keep the files of a node that fails, and say how to open a shell in them', false);
}

function globalsOf(command: Command): Globals & RunFlags {
  return { ...command.optsWithGlobals<Globals & RunFlags>(), words: command.args };
}
