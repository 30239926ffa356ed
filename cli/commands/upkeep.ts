import type { Command } from 'commander';
import { globalsOf } from './flags.ts';

/** Verbs: this machine, logs and the cache. */
export function addUpkeep(program: Command): void {
  program
    .command('doctor')
    .description('check what this machine lacks, and how to fix it')
    .action(async (_, command: Command) => (await import('../verbs/doctor.ts')).doctor(globalsOf(command)));
  program
    .command('logs [run] [node]')
    .description('list recorded runs; show the output of one (`last` for the newest), or of one of its nodes')
    .action(async (run, node, _, command: Command) => (await import('../verbs/logs.ts')).logs(globalsOf(command), run, node));
  program
    .command('explain <node>')
    .description('explain why a node ran, or did not: what changed in its cache key')
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
    .option('--older-than <age>', 'remove what was not used for this long: 30d, 12h')
    .option('--max-size <size>', 'remove until at most this much is left: 10GB, 500MiB')
    .action(async (options, command: Command) => (await import('../verbs/cache.ts')).prune(globalsOf(command), options));
}
