import { type DescribedTarget, describe } from '../../app/index.ts';
import { type Globals, print, yaml } from '../answers/globals.ts';
import { inWorkspace } from '../command/settings.ts';

interface Options {
  readonly target?: string;
  readonly component?: string;
  readonly provenance: boolean;
  readonly allTargets: boolean;
}

export async function describeVerb(globals: Globals, name: string, options: Options): Promise<void> {
  await inWorkspace(globals, async (workspace) => {
    const { target, component, provenance, allTargets } = options;
    const documents: DescribedTarget[] = [];
    const texts: string[] = [];
    for await (const one of describe(workspace, { deployment: name, target, component, provenance, allTargets })) {
      documents.push(one);
      if (provenance) texts.push(provenanceText(one));
    }
    const document = allTargets
      ? { deployment: name, targets: Object.fromEntries(documents.map(({ target: own, ...rest }) => [own, rest])) }
      : { deployment: name, ...documents[0] };
    await print(globals.format, document, () => (provenance ? texts.join('\n\n') : yaml(document)));
  });
}

/** A line a value: what it is, and the file and line that set it. */
function provenanceText({ components, provenance = {} }: DescribedTarget): string {
  return Object.entries(components)
    .map(([address, sections]) => {
      const lines = Object.entries(provenance[address] ?? {}).flatMap(([pointer, { file, line, overrode = [] }]) => {
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
