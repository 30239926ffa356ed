import { addressOf, targetOf, worktreeOptions } from '../../app/index.ts';
import { loadDeployment, originsOf, resolve, type ScopedComponent } from '../../config/index.ts';
import { type Globals, print, yaml } from '../answers/globals.ts';
import { inWorkspace } from '../command/settings.ts';

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
    const resolveOptions = { ...worktreeOptions(workspace), history: options.provenance };
    const documents: Readonly<Record<string, unknown>>[] = [];
    const texts: string[] = [];
    // Each scope goes as soon as it is told: of a thousand targets, all would not fit.
    for (const target of targets) {
      const scope = await resolve(files, project, deployment, target, resolveOptions);
      const components = chosen(scope.components, options.component);
      documents.push({ target, ...documentOf(components, options) });
      if (options.provenance) texts.push(provenance(components));
    }
    const document = options.allTargets
      ? { deployment: name, targets: Object.fromEntries(documents.map(({ target, ...rest }) => [target, rest])) }
      : { deployment: name, ...documents[0] };
    await print(globals.format, document, () => (options.provenance ? texts.join('\n\n') : yaml(document)));
  });
}

function documentOf(components: readonly ScopedComponent[], options: Options) {
  return {
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
