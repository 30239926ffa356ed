import type { Command } from 'commander';
import { globalsOf, targeted, withRunFlags } from './flags.ts';

const LOCK_TIMEOUT = 'how long to wait for the lock of the target: 90s, 10m (10m where CI is set, else 0)';

/** Verbs: the phases, releases and images. */
export function addPhases(program: Command): void {
  withRunFlags(program.command('build <deployment> [target]').description('build the images of the working tree'))
    .option('--target <name>')
    .option('--component <address>', 'only this component')
    .option('--dry-run', 'print the nodes that would run, without running them', false)
    .action(async (name, target, options, command: Command) =>
      (await import('../verbs/phases.ts')).buildVerb(globalsOf(targeted(command, target)), name, options),
    );
  withRunFlags(program.command('test <deployment> [target]').description('test the working tree: the tests of each kind, and your own'))
    .option('--target <name>')
    .option('--component <address>', 'only this component')
    .option('--dry-run', 'print the nodes that would run, without running them', false)
    .action(async (name, target, options, command: Command) =>
      (await import('../verbs/phases.ts')).testVerb(globalsOf(targeted(command, target)), name, options),
    );
  withRunFlags(program.command('plan <deployment> [target]').description('show what a rollout would change'))
    .option('--target <name>')
    .option('--promote-from <target>', 'plan the release that this target runs')
    .option('--release <id>', 'plan this release')
    .option('--all', 'plan all components, including those that are up to date', false)
    .option('--out <file>', 'save the plan, for `rollout --plan`')
    .action(async (name, target, options, command: Command) =>
      (await import('../verbs/plan.ts')).planVerb(globalsOf(targeted(command, target)), name, options),
    );
  withRunFlags(
    program
      .command('release')
      .description('make, show or export a release')
      .argument('[deployment]')
      .argument('[id]', 'with show and export: the release, or a prefix of its digest')
      .argument('[dir]', 'with export: the directory to write to'),
  )
    .usage('<deployment> [--target <name>]\n       atmos-deployment release show <id>\n       atmos-deployment release export <id> <dir>')
    .option('--target <name>')
    .option('--allow-dirty', 'include uncommitted changes; the release says so', false)
    .action(async (name, id, dir, options, command: Command) => {
      const verbs = await import('../verbs/release.ts');
      if (name === 'export') return verbs.exportRelease(globalsOf(command), id, dir);
      return name === 'show' ? verbs.showRelease(globalsOf(command), id) : verbs.release(globalsOf(command), name, options);
    });
  withRunFlags(program.command('rollout <deployment> [target]').description('roll out a release to a target'))
    .option('--target <name>')
    .option('--promote-from <target>', 'roll out the release that this target runs')
    .option('--release <id>', 'roll out this release: roll back, roll forward, or promote')
    .option('--allow-dirty', 'include uncommitted changes, and record that', false)
    .option('--all', 'roll out all components, including those that are up to date', false)
    .option('--component <address>', 'only this component, even if it is up to date')
    .option('--lock-timeout <time>', LOCK_TIMEOUT)
    .option('--prune', 'destroy components that still run but are no longer declared', false)
    .option('--plan <file>', 'apply exactly this saved plan')
    .option('--dry-run', 'print what would run, without running it', false)
    .action(async (name, target, options, command: Command) =>
      (await import('../verbs/rollout.ts')).rolloutVerb(globalsOf(targeted(command, target)), name, options),
    );
  withRunFlags(program.command('verify <deployment> [target]').description('check a target for drift, and run your own checks'))
    .option('--target <name>')
    .action(async (name, target, options, command: Command) =>
      (await import('../verbs/phases.ts')).verifyVerb(globalsOf(targeted(command, target)), name, options),
    );
  withRunFlags(program.command('destroy <deployment> [target]').description('destroy everything a target runs'))
    .option('--target <name>')
    .option('--component <address>', 'only this component, declared or not')
    .option('--lock-timeout <time>', LOCK_TIMEOUT)
    .option('--yes', 'do not ask for confirmation', false)
    .action(async (name, target, options, command: Command) =>
      (await import('../verbs/destroy.ts')).destroyVerb(globalsOf(targeted(command, target)), name, options),
    );
  withRunFlags(program.command('reproduce <release>').description('rebuild a release from its commit and pins, and compare')).action(
    async (id, _, command: Command) => (await import('../verbs/reproduce.ts')).reproduceVerb(globalsOf(command), id),
  );
  const images = program.command('images').description('manage the images that nodes run in');
  images
    .command('list <deployment>')
    .description('list the images that the lock file pins')
    .action(async (name, _, command: Command) => (await import('../verbs/images.ts')).listImagesVerb(globalsOf(command), name));
  images
    .command('verify <deployment>')
    .description('check pinned images against the programs of this machine and the tags of registries')
    .action(async (name, _, command: Command) => (await import('../verbs/images.ts')).verifyImagesVerb(globalsOf(command), name));
  images
    .command('build <deployment>')
    .description("build images from this machine's programs, and pin them in the lock file")
    .action(async (name, _, command: Command) => (await import('../verbs/images.ts')).buildImagesVerb(globalsOf(command), name));
  images
    .command('pull <deployment>')
    .description('pull images from registries, and pin them in the lock file')
    .option('--update', 'update pins to what the tags point to now', false)
    .action(async (name, options, command: Command) =>
      (await import('../verbs/images.ts')).pullImagesVerb(globalsOf(command), name, options),
    );
}
