import { type Command, Option } from 'commander';
import { globalsOf, withRunFlags } from './flags.ts';

/** Verbs: what runs where, and the rules and states behind it. */
export function addTracking(program: Command): void {
  program
    .command('status [deployment]')
    .description('show what runs where')
    .action(async (name, _, command: Command) => (await import('../verbs/status.ts')).status(globalsOf(command), name));
  program
    .command('history <deployment>')
    .description('show the deployment history of a target, newest first')
    .option('--target <name>')
    .option('--limit <n>', 'maximum number of records', '20')
    .action(async (name, options, command: Command) => (await import('../verbs/history.ts')).history(globalsOf(command), name, options));
  withRunFlags(
    program.command('diff <deployment> <before> <after>').description('show the differences between targets, releases or commits'),
  )
    .option('--target <name>', 'the target to compare commits for')
    .action(async (name, before, after, options, command: Command) =>
      (await import('../verbs/diff.ts')).diff(globalsOf(command), name, before, after, options),
    );
  program
    .command('releases [deployment]')
    .description('list the stored releases')
    .action(async (name, _, command: Command) => (await import('../verbs/releases.ts')).releases(globalsOf(command), name));
  program
    .command('approve <deployment>')
    .description('approve a release for its target, or another operation on a target')
    .requiredOption('--target <name>')
    .addOption(new Option('--release <id>', 'the release').conflicts('operation'))
    .addOption(new Option('--operation <what>', 'another operation').choices(['destroy', 'unlock', 'state']))
    .action(async (name, options, command: Command) =>
      (await import('../verbs/approve.ts')).approveVerb(globalsOf(command), name, options),
    );
  program
    .command('tracking')
    .description('manage the records of this clone')
    .command('push')
    .description('push ledgers, releases and source refs that were made before there was a remote')
    .action(async (_, command: Command) => (await import('../verbs/tracking.ts')).pushTracking(globalsOf(command)));
  const state = program.command('state').description('manage Terraform states: rescued ones, and copies of local ones');
  withRunFlags(state.command('push <deployment> <component>').description('write a rescued state to its backend'))
    .option('--target <name>')
    .action(async (name, component, options, command: Command) =>
      (await import('../verbs/state.ts')).pushStateVerb(globalsOf(command), name, component, options),
    );
  state
    .command('discard <deployment> <component>')
    .description('discard a rescued state')
    .option('--target <name>')
    .option('--yes', 'confirm it', false)
    .action(async (name, component, options, command: Command) =>
      (await import('../verbs/state.ts')).discardStateVerb(globalsOf(command), name, component, options),
    );
  state
    .command('forget <deployment> <component>')
    .description('stop tracking a component whose state is lost; its resources keep running')
    .option('--target <name>')
    .option('--yes', 'confirm it', false)
    .action(async (name, component, options, command: Command) =>
      (await import('../verbs/state.ts')).forgetVerb(globalsOf(command), name, component, options),
    );
  state
    .command('import <deployment> <component> <file>')
    .description('import a copy of a local state into this clone')
    .option('--target <name>')
    .option('--yes', 'the copy is current, although it is not newer than the recorded state', false)
    .action(async (name, component, file, options, command: Command) =>
      (await import('../verbs/state.ts')).importStateVerb(globalsOf(command), name, component, file, options),
    );
  withRunFlags(program.command('unlock <deployment>').description('remove the lock of a target, and record that'))
    .requiredOption('--target <name>')
    .option('--state <component>', "release the lock of a component's state in its backend instead")
    .option('--force', 'even if somebody may still be deploying', false)
    .action(async (name, options, command: Command) => (await import('../verbs/unlock.ts')).unlock(globalsOf(command), name, options));
}
