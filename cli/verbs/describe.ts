import { loadDeployment, resolve, type ScopedComponent } from '../../config/index.ts';
import { addressOf, targetOf, worktreeOptions } from '../../deploy/index.ts';
import { type Globals, print, yaml } from '../globals.ts';
import { inWorkspace } from '../settings.ts';

interface Options {
  readonly target?: string;
  readonly component?: string;
  readonly provenance: boolean;
}

export async function describe(globals: Globals, name: string, options: Options): Promise<void> {
  await inWorkspace(globals, async (workspace) => {
    const { files, project, cache } = workspace;
    const target = await targetOf(workspace, name, options.target);
    const scope = await resolve(files, project, await loadDeployment(files, project, name, cache), target, worktreeOptions(workspace));
    const components = chosen(scope.components, options.component);
    const document = {
      deployment: name,
      target,
      components: Object.fromEntries(components.map((component) => [component.address, component.sections])),
      ...(options.provenance ? { provenance: Object.fromEntries(components.map(({ address, origins }) => [address, origins])) } : {}),
    };
    await print(globals.format, document, () => (options.provenance ? provenance(components) : yaml(document)));
  });
}

function chosen(components: Readonly<Record<string, ScopedComponent>>, name: string | undefined): readonly ScopedComponent[] {
  const address = name === undefined ? undefined : addressOf(name, Object.keys(components));
  return Object.values(components).filter((component) => address === undefined || component.address === address);
}

/** A line a value: what it is, and the file and line that set it. */
function provenance(components: readonly ScopedComponent[]): string {
  return components
    .map(({ address, origins, sections }) => {
      const lines = Object.entries(origins).map(([pointer, { file, line }]) => {
        const keys = pointer
          .split('/')
          .slice(1)
          .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
        return `  ${`${keys.join('.')} = ${JSON.stringify(valueAt(sections, keys))}`.padEnd(60)} ${file}:${line}`;
      });
      return `${address}\n${lines.join('\n')}`;
    })
    .join('\n\n');
}

function valueAt(value: unknown, keys: readonly string[]): unknown {
  return keys.reduce<unknown>(
    (found, key) => (typeof found === 'object' && found !== null ? (found as Record<string, unknown>)[key] : undefined),
    value,
  );
}
