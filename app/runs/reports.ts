import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { UserNode } from '../../config/index.ts';
import { AtmosError, makePrivate, outputOf, type Results } from '../../engine/index.ts';
import { countTests, type TestCounts } from '../../phases/index.ts';
import type { Workspace } from '../workspace/workspace.ts';

/** What became of one of the user's own nodes. */
export interface Report {
  readonly node: string;
  /** By the name under `outputs`: where the file was put, relative to the root. */
  readonly files: Readonly<Record<string, string>>;
  /** Counted from the output `junit`. */
  readonly tests: TestCounts | undefined;
}

/** Takes the reports that the user's nodes wrote to `.atmos/reports/<deployment>/<target>/<component>/<node>/`, and counts their tests. */
export async function collectReports(
  workspace: Workspace,
  { deployment, target }: { readonly deployment: string; readonly target: string },
  nodes: readonly UserNode[],
  results: Results,
): Promise<readonly Report[]> {
  const reports: Report[] = [];
  for (const { name, component, outputs } of nodes) {
    const node = `${component ?? 'checks'}/${name}`;
    const tree = outputOf(results, node, 'reports');
    if (tree === undefined) continue;
    const files: Record<string, string> = {};
    let tests: TestCounts | undefined;
    const { entries } = await workspace.store.tree(tree);
    for (const [output, path] of Object.entries(outputs)) {
      const entry = entries.find((file) => file.path === path);
      const content = entry === undefined ? undefined : await workspace.store.get(entry.digest);
      if (content === undefined) continue;
      const file = join('.atmos/reports', deployment, target, node, path);
      // A node that verifies may have written a secret.
      makePrivate(join(workspace.root, '.atmos/reports'));
      await mkdir(dirname(join(workspace.root, file)), { recursive: true });
      await writeFile(join(workspace.root, file), content);
      files[output] = file;
      if (output === 'junit') tests = await counted(Buffer.from(content).toString('utf8'), `${node}: ${path}`, workspace);
    }
    if (tests !== undefined) workspace.events.emit({ type: 'tests', node, tests });
    reports.push({ node, files, tests });
  }
  return reports;
}

/** What a report that can't be read counts is not known: whoever wrote it has ended well. */
async function counted(xml: string, what: string, { warn }: Workspace): Promise<TestCounts | undefined> {
  try {
    return await countTests(xml);
  } catch (error) {
    if (!(error instanceof AtmosError)) throw error;
    warn(new AtmosError(`${what} is ${error.message}: its tests are not counted`, { kind: 'failed', code: 'wrong-report' }));
    return undefined;
  }
}
