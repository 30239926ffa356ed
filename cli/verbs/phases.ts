import { build, type PhaseAnswer, targetOf, test, verify } from '../../app/index.ts';
import { shortId } from '../../engine/index.ts';
import { type Globals, printOrFail, table } from '../answers/globals.ts';
import { counts, warningLines } from '../answers/words.ts';
import { inWorkspace, type RunFlags, runSettings } from '../command/settings.ts';

interface Options {
  readonly target?: string;
  readonly component?: string;
  readonly dryRun: boolean;
}

export async function buildVerb(globals: Globals & RunFlags, name: string, options: Options): Promise<void> {
  await phase(globals, name, options, build);
}

export async function testVerb(globals: Globals & RunFlags, name: string, options: Options): Promise<void> {
  await phase(globals, name, options, test);
}

async function phase(globals: Globals & RunFlags, name: string, options: Options, run: typeof build): Promise<void> {
  await inWorkspace(globals, async (workspace) => {
    const target = await targetOf(workspace, name, options.target);
    const request = { deployment: name, target, component: options.component, dryRun: options.dryRun };
    const { failure, ...answer } = await run(workspace, request, runSettings(globals, globals, workspace));
    await printOrFail(globals.format, { document: answer, failure }, () => lines(answer));
  });
}

/** A line a node, with what its tests counted. */
function lines({ nodes, reports, images }: Omit<PhaseAnswer, 'failure'>): string {
  const tests = new Map(reports.map((report) => [report.node, report.tests]));
  const rows = Object.entries(nodes).map(([id, { status, ms }]) => {
    const counted = tests.get(id);
    const said = counted === undefined ? '' : `${counted.passed} passed${counted.failed > 0 ? `, ${counted.failed} failed` : ''}`;
    if (status === 'planned') return ['→', id, 'planned', ''];
    return [
      status === 'failed' ? '✖' : status === 'cancelled' ? '–' : '✔',
      id,
      status === 'cached' ? 'cached' : `${(ms / 1000).toFixed(1)} s`,
      said,
    ];
  });
  const built = Object.entries(images).map(([address, digest]) => `image of ${address}: ${shortId(digest)}`);
  return [table(rows), ...built].filter((part) => part !== '').join('\n');
}

export async function verifyVerb(globals: Globals & RunFlags, name: string, options: { readonly target?: string }): Promise<void> {
  await inWorkspace(globals, async (workspace) => {
    const target = await targetOf(workspace, name, options.target);
    const { failure, ...answer } = await verify(workspace, { deployment: name, target }, runSettings(globals, globals, workspace));
    const drift = Object.entries(answer.drift).map(([address, plan]) => `✖ ${address} has drifted: ${counts(plan)}`);
    await printOrFail(globals.format, { document: answer, failure }, () =>
      [
        ...drift,
        ...warningLines(answer.warnings),
        ...answer.unchecked.map((address) => `! ${address} has no plan: whether it has drifted is not known`),
        ...answer.orphans.map((address) => `! ${address} is no longer declared, and still runs`),
        ...(failure === undefined
          ? [
              `✔ no drift${answer.unchecked.length === 0 ? '' : ' in what was compared'}: ${target} matches release ${shortId(answer.release)}; all checks passed`,
            ]
          : []),
      ].join('\n'),
    );
  });
}
