import { type Command, Option } from 'commander';
import { globalsOf } from './flags.ts';

/** Verbs: what exists, and whether it is right. */
export function addQueries(program: Command): void {
  program
    .command('list')
    .description('the deployments of this repository')
    .action(async (_, command: Command) => (await import('../verbs/list.ts')).list(globalsOf(command)));
  program
    .command('describe <deployment>')
    .description('what a target is made of, each value resolved')
    .option('--target <name>')
    .option('--component <address>', 'this component alone')
    .option('--dry-run', 'say which nodes would be run', false)
    .option('--all-targets', 'every target of the deployment', false)
    .option('--provenance', 'name the file and line that set each value, and those that it overrode', false)
    .action(async (name, options, command: Command) =>
      (await import('../verbs/describe.ts')).describeVerb(globalsOf(command), name, options),
    );
  program
    .command('validate [deployment]')
    .description('everything that is wrong with a deployment, or with all of them')
    .option('--sarif', 'print what is wrong as SARIF, for editors and CI', false)
    .action(async (name, options, command: Command) =>
      (await import('../verbs/validate.ts')).validateVerb(globalsOf(command), name, options),
    );
  program
    .command('graph <deployment>')
    .description('targets in order of promotion, components in order of dependency')
    .option('--target <name>')
    .addOption(new Option('--as <form>', 'form of the drawing').choices(['text', 'mermaid', 'dot']).default('text'))
    .action(async (name, options, command: Command) => (await import('../verbs/graph.ts')).graph(globalsOf(command), name, options));
}
