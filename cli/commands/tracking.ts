import { type Command, Option } from 'commander';
import { globalsOf, withRunFlags } from './flags.ts';

/** Verbs: what runs where, and the rules and states behind it. */
export function addTracking(program: Command): void {
  program
    .command('status [deployment]')
    .description('show the deployed release and state of each target')
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
    .description('approve a release, or a destroy, unlock or state operation, for a target')
    .requiredOption('--target <name>')
    .addOption(new Option('--release <id>', 'the release').conflicts('operation'))
    .addOption(new Option('--operation <what>', 'approve an operation instead of a release').choices(['destroy', 'unlock', 'state']))
    .action(async (name, options, command: Command) =>
      (await import('../verbs/approve.ts')).approveVerb(globalsOf(command), name, options),
    );
  program
    .command('tracking')
    .description('manage deployment records (ledgers, releases) stored in Git')
    .command('push')
    .description('push deployment records to the Git remote (needed once, after adding a remote)')
    .action(async (_, command: Command) => (await import('../verbs/tracking.ts')).pushTracking(globalsOf(command)));
  const state = program.command('state').description('recover and import Terraform state');
  withRunFlags(
    state
      .command('push <deployment> <component>')
      .description('push the state that an earlier apply failed to write (errored.tfstate) to its backend'),
  )
    .option('--target <name>')
    .action(async (name, component, options, command: Command) =>
      (await import('../verbs/state.ts')).pushStateVerb(globalsOf(command), name, component, options),
    );
  state
    .command('discard <deployment> <component>')
    .description('discard a rescued state')
    .option('--target <name>')
    .option('--yes', 'skip the confirmation', false)
    .action(async (name, component, options, command: Command) =>
      (await import('../verbs/state.ts')).discardStateVerb(globalsOf(command), name, component, options),
    );
  state
    .command('forget <deployment> <component>')
    .description('stop tracking a component whose state is lost; its resources keep running')
    .option('--target <name>')
    .option('--yes', 'skip the confirmation', false)
    .action(async (name, component, options, command: Command) =>
      (await import('../verbs/state.ts')).forgetVerb(globalsOf(command), name, component, options),
    );
  state
    .command('import <deployment> <component> <file>')
    .description('import a copy of a local state into this clone')
    .option('--target <name>')
    .option('--yes', 'accept a copy that is not newer than the recorded state', false)
    .action(async (name, component, file, options, command: Command) =>
      (await import('../verbs/state.ts')).importStateVerb(globalsOf(command), name, component, file, options),
    );
  withRunFlags(program.command('unlock <deployment>').description('remove the lock of a target (recorded in the ledger)'))
    .requiredOption('--target <name>')
    .option('--state <component>', "release the lock of a component's state in its backend instead")
    .option('--force', 'required: confirm that no deployment is running', false)
    .action(async (name, options, command: Command) => (await import('../verbs/unlock.ts')).unlock(globalsOf(command), name, options));
}
