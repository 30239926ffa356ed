import type { Command } from 'commander';
import { globalsOf } from './flags.ts';

/** Verbs: this machine, logs and the cache. */
export function addUpkeep(program: Command): void {
  program
    .command('doctor')
    .description('what this machine has of what deployments need, and what to do about the rest')
    .action(async (_, command: Command) => (await import('../verbs/doctor.ts')).doctor(globalsOf(command)));
  program
    .command('logs [run] [node]')
    .description('the runs on record; what one printed (`last` is the newest), or one node of it')
    .action(async (run, node, _, command: Command) => (await import('../verbs/logs.ts')).logs(globalsOf(command), run, node));
  program
    .command('explain <node>')
    .description('why a node ran the last time, or did not: what of its key was another')
    .action(async (node, _, command: Command) => (await import('../verbs/logs.ts')).explain(globalsOf(command), node));
  const cache = program.command('cache').description('what earlier runs left for later ones');
  cache
    .command('stats')
    .description('how much there is')
    .action(async (_, command: Command) => (await import('../verbs/cache.ts')).cacheStats(globalsOf(command)));
  cache
    .command('verify')
    .description('read all of it, and drop what is damaged')
    .action(async (_, command: Command) => (await import('../verbs/cache.ts')).verifyCache(globalsOf(command)));
  cache
    .command('prune')
    .description('drop what is old or too much, and what nothing needs')
    .option('--older-than <age>', 'what was not used for so long: 30d, 12h')
    .option('--max-size <size>', 'until no more is left: 10GB, 500MiB')
    .action(async (options, command: Command) => (await import('../verbs/cache.ts')).prune(globalsOf(command), options));
}
