import type { Command } from 'commander';
import { globalsOf, targeted, withRunFlags } from './flags.ts';

const LOCK_TIMEOUT = 'how long to wait for whoever deploys the same target: 90s, 10m (10m where CI is set, else 0)';

/** Verbs: the phases, releases and images. */
export function addPhases(program: Command): void {
  withRunFlags(program.command('build <deployment> [target]').description('build the images of the working tree'))
    .option('--target <name>')
    .option('--component <address>', 'this component alone')
    .option('--dry-run', 'say which nodes would be run', false)
    .action(async (name, target, options, command: Command) =>
      (await import('../verbs/phases.ts')).buildVerb(globalsOf(targeted(command, target)), name, options),
    );
  withRunFlags(
    program.command('test <deployment> [target]').description('test the working tree: what comes with each kind, and your own nodes'),
  )
    .option('--target <name>')
    .option('--component <address>', 'this component alone')
    .option('--dry-run', 'say which nodes would be run', false)
    .action(async (name, target, options, command: Command) =>
      (await import('../verbs/phases.ts')).testVerb(globalsOf(targeted(command, target)), name, options),
    );
  withRunFlags(program.command('plan <deployment> [target]').description('what a rollout would change'))
    .option('--target <name>')
    .option('--promote-from <target>', 'plan what that target runs')
    .option('--release <id>', 'plan this release')
    .option('--all', 'plan every component, also those that are up to date', false)
    .option('--out <file>', 'save the plan, for `rollout --plan`')
    .action(async (name, target, options, command: Command) =>
      (await import('../verbs/plan.ts')).planVerb(globalsOf(targeted(command, target)), name, options),
    );
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
      const verbs = await import('../verbs/release.ts');
      if (name === 'export') return verbs.exportRelease(globalsOf(command), id, dir);
      return name === 'show' ? verbs.showRelease(globalsOf(command), id) : verbs.release(globalsOf(command), name, options);
    });
  withRunFlags(program.command('rollout <deployment> [target]').description('roll out a release to a target'))
    .option('--target <name>')
    .option('--promote-from <target>', 'take what that target runs')
    .option('--release <id>', 'take this release: back, forth, or from another target')
    .option('--allow-dirty', 'take what is not committed, and record it as such', false)
    .option('--all', 'run every component, also those that are up to date', false)
    .option('--component <address>', 'this component alone, whether or not it is up to date')
    .option('--lock-timeout <time>', LOCK_TIMEOUT)
    .option('--prune', 'destroy components that run and are no longer declared', false)
    .option('--plan <file>', 'apply exactly what this saved plan shows, or nothing')
    .option('--dry-run', 'say what would be run', false)
    .action(async (name, target, options, command: Command) =>
      (await import('../verbs/rollout.ts')).rolloutVerb(globalsOf(targeted(command, target)), name, options),
    );
  withRunFlags(
    program.command('verify <deployment> [target]').description('whether a target still is as it was deployed, and your own checks of it'),
  )
    .option('--target <name>')
    .action(async (name, target, options, command: Command) =>
      (await import('../verbs/phases.ts')).verifyVerb(globalsOf(targeted(command, target)), name, options),
    );
  withRunFlags(program.command('destroy <deployment> [target]').description('destroy everything a target runs'))
    .option('--target <name>')
    .option('--component <address>', 'this component alone, declared or not')
    .option('--lock-timeout <time>', LOCK_TIMEOUT)
    .option('--yes', 'without asking', false)
    .action(async (name, target, options, command: Command) =>
      (await import('../verbs/destroy.ts')).destroyVerb(globalsOf(targeted(command, target)), name, options),
    );
  withRunFlags(
    program.command('reproduce <release>').description('make a release again, from its commit and pins alone, and compare'),
  ).action(async (id, _, command: Command) => (await import('../verbs/reproduce.ts')).reproduceVerb(globalsOf(command), id));
  const images = program.command('images').description('the images that nodes run in');
  images
    .command('list <deployment>')
    .description('those that the lock file pins')
    .action(async (name, _, command: Command) => (await import('../verbs/images.ts')).listImagesVerb(globalsOf(command), name));
  images
    .command('verify <deployment>')
    .description("whether this machine's programs still make those that the lock file pins, and tags still name them")
    .action(async (name, _, command: Command) => (await import('../verbs/images.ts')).verifyImagesVerb(globalsOf(command), name));
  images
    .command('build <deployment>')
    .description("assemble them from this machine's programs, and pin them in the deployment's lock file")
    .action(async (name, _, command: Command) => (await import('../verbs/images.ts')).buildImagesVerb(globalsOf(command), name));
  images
    .command('pull <deployment>')
    .description("pull those that registries have, and pin them in the deployment's lock file")
    .option('--update', 'take what their tags name now, though they are pinned', false)
    .action(async (name, options, command: Command) =>
      (await import('../verbs/images.ts')).pullImagesVerb(globalsOf(command), name, options),
    );
}
