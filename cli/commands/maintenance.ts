import type { Command } from 'commander';
import { globalsOf } from './flags.ts';

/** Verbs: this machine, logs and the cache. */
export function addMaintenance(program: Command): void {
  program
    .command('doctor')
    .description('check this machine for required tools and show how to install them')
    .action(async (_, command: Command) => (await import('../verbs/doctor.ts')).doctor(globalsOf(command)));
  program
    .command('logs [run] [node]')
    .description('show the output of a run (an ID, or "last") or of one of its nodes; without arguments, list runs')
    .action(async (run, node, _, command: Command) => (await import('../verbs/logs.ts')).logs(globalsOf(command), run, node));
  program
    .command('explain <node>')
    .description('explain why a node ran or was cached')
    .action(async (node, _, command: Command) => (await import('../verbs/logs.ts')).explain(globalsOf(command), node));
  const cache = program.command('cache').description('manage the cache');
  cache
    .command('stats')
    .description('show the size of the cache')
    .action(async (_, command: Command) => (await import('../verbs/cache.ts')).cacheStats(globalsOf(command)));
  cache
    .command('verify')
    .description('check all cached objects, and drop damaged ones')
    .action(async (_, command: Command) => (await import('../verbs/cache.ts')).verifyCache(globalsOf(command)));
  cache
    .command('prune')
    .description('remove old and unneeded objects')
    .option('--older-than <age>', 'remove objects not used for this long, e.g. 30d or 12h')
    .option('--max-size <size>', 'remove until at most this much is left: 10GB, 500MiB')
    .action(async (options, command: Command) => (await import('../verbs/cache.ts')).prune(globalsOf(command), options));
}
