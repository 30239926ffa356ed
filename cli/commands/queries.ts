import { type Command, Option } from 'commander';
import { globalsOf } from './flags.ts';

/** Verbs: what exists, and whether it is right. */
export function addQueries(program: Command): void {
  program
    .command('list')
    .description('list the deployments of this repository')
    .action(async (_, command: Command) => (await import('../verbs/list.ts')).list(globalsOf(command)));
  program
    .command('describe <deployment>')
    .description('show the resolved configuration of a target')
    .option('--target <name>')
    .option('--component <address>', 'only this component')
    .option('--all-targets', 'all targets of the deployment', false)
    .option('--provenance', 'show the file and line that set each value, and those that it overrides', false)
    .action(async (name, options, command: Command) =>
      (await import('../verbs/describe.ts')).describeVerb(globalsOf(command), name, options),
    );
  program
    .command('validate [deployment]')
    .description('check the configuration of a deployment, or of all deployments')
    .option('--sarif', 'print problems as SARIF, for editors and CI', false)
    .action(async (name, options, command: Command) =>
      (await import('../verbs/validate.ts')).validateVerb(globalsOf(command), name, options),
    );
  program
    .command('graph <deployment>')
    .description('show how components depend on each other, and the promotion order of targets')
    .option('--target <name>')
    .addOption(new Option('--as <format>', 'graph format').choices(['text', 'mermaid', 'dot']).default('text'))
    .action(async (name, options, command: Command) => (await import('../verbs/graph.ts')).graph(globalsOf(command), name, options));
}
