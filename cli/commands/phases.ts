import type { Command } from 'commander';
import { globalsOf, targeted, withRunFlags } from './flags.ts';

const LOCK_TIMEOUT = 'how long to wait for the target lock, e.g. 90s or 10m (default: 10m if $CI is set, else 0)';

/** Verbs: the phases, releases and images. */
export function addPhases(program: Command): void {
  withRunFlags(program.command('build <deployment> [target]').description('build the images of the working tree'))
    .option('--target <name>')
    .option('--component <address>', 'only this component')
    .option('--dry-run', 'print the nodes that would run, without running them', false)
    .action(async (name, target, options, command: Command) =>
      (await import('../verbs/phases.ts')).buildVerb(globalsOf(targeted(command, target)), name, options),
    );
  withRunFlags(
    program
      .command('test <deployment> [target]')
      .description('run tests on the working tree: built-in checks of each kind and your own test nodes'),
  )
    .option('--target <name>')
    .option('--component <address>', 'only this component')
    .option('--dry-run', 'print the nodes that would run, without running them', false)
    .action(async (name, target, options, command: Command) =>
      (await import('../verbs/phases.ts')).testVerb(globalsOf(targeted(command, target)), name, options),
    );
  withRunFlags(program.command('plan <deployment> [target]').description('show what a rollout would change'))
    .option('--target <name>')
    .option('--promote-from <target>', 'plan a promotion of the release deployed to this target')
    .option('--release <id>', 'plan this release (a digest or a unique prefix; see: releases)')
    .option('--all', 'plan all components, including those that are up to date', false)
    .option('--component <address>', 'only this component, even if it is up to date')
    .option('--out <file>', 'save the plan, for `rollout --plan`')
    .action(async (name, target, options, command: Command) =>
      (await import('../verbs/plan.ts')).planVerb(globalsOf(targeted(command, target)), name, options),
    );
  withRunFlags(
    program
      .command('release')
      .description('build a release, or show or export one')
      .argument('[deployment]')
      .argument('[id]', 'with show and export: the release, or a prefix of its digest')
      .argument('[dir]', 'with export: the directory to write to'),
  )
    .usage('<deployment> [--target <name>]\n       atmos-deployment release show <id>\n       atmos-deployment release export <id> <dir>')
    .option('--target <name>')
    .option('--allow-dirty', 'include uncommitted changes; the release is marked as dirty', false)
    .action(async (name, id, dir, options, command: Command) => {
      const verbs = await import('../verbs/release.ts');
      if (name === 'export') return verbs.exportRelease(globalsOf(command), id, dir);
      return name === 'show' ? verbs.showRelease(globalsOf(command), id) : verbs.release(globalsOf(command), name, options);
    });
  withRunFlags(program.command('rollout <deployment> [target]').description('roll out a release to a target'))
    .option('--target <name>')
    .option('--promote-from <target>', 'promote the release deployed to <target>')
    .option('--release <id>', 'roll out this release: roll back, roll forward, or promote')
    .option('--allow-dirty', 'include uncommitted changes; the release is marked as dirty', false)
    .option('--all', 'roll out all components, including those that are up to date', false)
    .option('--component <address>', 'only this component, even if it is up to date')
    .option('--lock-timeout <time>', LOCK_TIMEOUT)
    .option('--prune', 'destroy deployed components that are no longer declared', false)
    .option('--plan <file>', 'apply exactly this saved plan')
    .option('--dry-run', 'print what would run, without running it', false)
    .action(async (name, target, options, command: Command) =>
      (await import('../verbs/rollout.ts')).rolloutVerb(globalsOf(targeted(command, target)), name, options),
    );
  withRunFlags(program.command('verify <deployment> [target]').description('check a target for drift, and run its verify nodes'))
    .option('--target <name>')
    .action(async (name, target, options, command: Command) =>
      (await import('../verbs/phases.ts')).verifyVerb(globalsOf(targeted(command, target)), name, options),
    );
  withRunFlags(program.command('destroy <deployment> [target]').description('destroy all components deployed to a target'))
    .option('--target <name>')
    .option('--component <address>', 'destroy only this component, even if it is no longer declared')
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
