import { loadDeployment, originsOf, resolve, type ScopedComponent } from '../../config/index.ts';
import { addressOf, targetOf, worktreeOptions } from '../../deploy/index.ts';
import { type Globals, print, yaml } from '../globals.ts';
import { inWorkspace } from '../settings.ts';

interface Options {
  readonly target?: string;
  readonly component?: string;
  readonly provenance: boolean;
  readonly allTargets: boolean;
}

export async function describe(globals: Globals, name: string, options: Options): Promise<void> {
  await inWorkspace(globals, async (workspace) => {
    const { files, project, cache } = workspace;
    const deployment = await loadDeployment(files, project, name, cache);
    const targets = options.allTargets ? deployment.targets : [await targetOf(workspace, name, options.target)];
    const found: Described[] = [];
    const resolveOptions = { ...worktreeOptions(workspace), history: options.provenance };
    for (const target of targets) {
      const { components } = await resolve(files, project, deployment, target, resolveOptions);
      found.push({ target, components: chosen(components, options.component) });
    }
    const documents = found.map((one) => documentOf(name, one, options));
    const document = options.allTargets
      ? { deployment: name, targets: Object.fromEntries(documents.map(({ target, deployment: _, ...rest }) => [target, rest])) }
      : (documents[0] ?? {});
    await print(globals.format, document, () =>
      options.provenance ? found.map(({ components }) => provenance(components)).join('\n\n') : yaml(document),
    );
  });
}

interface Described {
  readonly target: string;
  readonly components: readonly ScopedComponent[];
}

function documentOf(deployment: string, { target, components }: Described, options: Options) {
  return {
    deployment,
    target,
    components: Object.fromEntries(components.map((component) => [component.address, component.sections])),
    ...(options.provenance
      ? { provenance: Object.fromEntries(components.map((component) => [component.address, originsOf(component)])) }
      : {}),
  };
}

function chosen(components: Readonly<Record<string, ScopedComponent>>, name: string | undefined): readonly ScopedComponent[] {
  const address = name === undefined ? undefined : addressOf(name, Object.keys(components));
  return Object.values(components).filter((component) => address === undefined || component.address === address);
}

/** A line a value: what it is, and the file and line that set it. */
function provenance(components: readonly ScopedComponent[]): string {
  return components
    .map((component) => {
      const { address, sections } = component;
      const lines = Object.entries(originsOf(component)).flatMap(([pointer, { file, line, overrode = [] }]) => {
        const keys = pointer
          .split('/')
          .slice(1)
          .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
        const value = `  ${`${keys.join('.')} = ${JSON.stringify(valueAt(sections, keys))}`.padEnd(60)} ${file}:${line}`;
        return [value, ...overrode.map((one) => `${' '.repeat(62)} overrides ${one.file}:${one.line}`)];
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
