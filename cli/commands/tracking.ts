import { type Command, Option } from 'commander';
import { globalsOf, withRunFlags } from './flags.ts';

/** Verbs: what runs where, and the rules and states behind it. */
export function addTracking(program: Command): void {
  program
    .command('status [deployment]')
    .description('what runs where')
    .action(async (name, _, command: Command) => (await import('../verbs/status.ts')).status(globalsOf(command), name));
  program
    .command('history <deployment>')
    .description('deployment history of a target, newest first')
    .option('--target <name>')
    .option('--limit <n>', 'no more than this many', '20')
    .action(async (name, options, command: Command) => (await import('../verbs/history.ts')).history(globalsOf(command), name, options));
  withRunFlags(program.command('diff <deployment> <before> <after>').description('what differs between targets, releases or commits'))
    .option('--target <name>', 'which target a commit is looked at for')
    .action(async (name, before, after, options, command: Command) =>
      (await import('../verbs/diff.ts')).diff(globalsOf(command), name, before, after, options),
    );
  program
    .command('releases [deployment]')
    .description('the releases that were kept')
    .action(async (name, _, command: Command) => (await import('../verbs/releases.ts')).releases(globalsOf(command), name));
  program
    .command('approve <deployment>')
    .description('approve a release for its target, or what else is to be done to a target')
    .requiredOption('--target <name>')
    .addOption(new Option('--release <id>', 'the release').conflicts('operation'))
    .addOption(new Option('--operation <what>', 'another operation').choices(['destroy', 'unlock', 'state']))
    .action(async (name, options, command: Command) =>
      (await import('../verbs/approve.ts')).approveVerb(globalsOf(command), name, options),
    );
  program
    .command('tracking')
    .description('the records of this clone')
    .command('push')
    .description('bring ledgers, releases and source refs to the remote that were made before there was one')
    .action(async (_, command: Command) => (await import('../verbs/tracking.ts')).pushTracking(globalsOf(command)));
  const state = program.command('state').description("components' Terraform states: rescued ones, and local ones of other clones");
  withRunFlags(state.command('push <deployment> <component>').description('write a rescued state to its backend'))
    .option('--target <name>')
    .action(async (name, component, options, command: Command) =>
      (await import('../verbs/state.ts')).pushStateVerb(globalsOf(command), name, component, options),
    );
  state
    .command('discard <deployment> <component>')
    .description('give a rescued state up')
    .option('--target <name>')
    .option('--yes', 'confirm it', false)
    .action(async (name, component, options, command: Command) =>
      (await import('../verbs/state.ts')).discardStateVerb(globalsOf(command), name, component, options),
    );
  state
    .command('forget <deployment> <component>')
    .description('make the ledger know a component no more whose state is lost: what it has runs on')
    .option('--target <name>')
    .option('--yes', 'confirm it', false)
    .action(async (name, component, options, command: Command) =>
      (await import('../verbs/state.ts')).forgetVerb(globalsOf(command), name, component, options),
    );
  state
    .command('import <deployment> <component> <file>')
    .description('take a copy of a local state into this clone')
    .option('--target <name>')
    .option('--yes', 'the copy is what is there now, though it is no newer than what was begun with', false)
    .action(async (name, component, file, options, command: Command) =>
      (await import('../verbs/state.ts')).importStateVerb(globalsOf(command), name, component, file, options),
    );
  withRunFlags(program.command('unlock <deployment>').description("take a target's lock away from whoever holds it, and record that"))
    .requiredOption('--target <name>')
    .option('--state <component>', "release the lock that a component's state has in its backend instead")
    .option('--force', 'yes, though somebody may be at work', false)
    .action(async (name, options, command: Command) => (await import('../verbs/unlock.ts')).unlock(globalsOf(command), name, options));
}
