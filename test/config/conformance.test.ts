import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { AtmosError, prettyJson } from '../../engine/index.ts';
import { Case, CONFORMANCE, cases, comparable, ROOT_MARK } from './conformance.ts';

interface Expected {
  readonly [stack: string]: { readonly [address: string]: { readonly metadata: { readonly type?: string }; readonly stack_file: string } };
}

const ALL = ['stacks', 'repositories'].flatMap((of) => cases(of).map((name) => [of, name] as const));

describe.each(ALL)('as Atmos: %s/%s', (of, name) => {
  const repository = new Case(of, name);
  afterAll(() => repository.close());
  const expected = JSON.parse(repository.read('expected.json')) as Expected;
  const texts = readFileSync(join(CONFORMANCE, of, name, 'expected.json'), 'utf8').replaceAll(ROOT_MARK, repository.root);
  for (const [stack, components] of Object.entries(expected)) {
    const concrete = Object.entries(components).filter(([, { metadata }]) => metadata.type !== 'abstract');
    const [first] = concrete;
    if (first === undefined) continue;
    test(stack, async () => {
      const scope = await repository.resolve(
        first[1].stack_file,
        concrete.map(([address]) => address),
      );
      const exact = comparable(texts) as unknown as Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, unknown>>>>>>;
      for (const [address] of concrete) {
        const { stack: _, stack_file: __, component_path: path, ...sections } = exact[stack]?.[address] ?? {};
        const component = scope.components[address];
        expect({ address, ...comparable(prettyJson(component?.sections ?? null)) }).toEqual({
          address,
          ...comparable(JSON.stringify(sections)),
        });
        // Where Atmos says it.
        if (path !== undefined) expect(component?.source).toBe(path);
      }
    });
  }
});

/** The components of the faulty deployments: those that `deploy/a` configures. */
const FAULTY: Readonly<Record<string, string>> = { 'inherits-cycle': 'terraform/one', 'template-context-value-missing': 'terraform/web' };

test.each(cases('stacks-errors'))('an error that names its file, where Atmos fails or should: %s', async (name) => {
  const repository = new Case('stacks-errors', name);
  try {
    const error = await repository.resolve('deploy/a', [FAULTY[name] ?? 'terraform/app']).then(
      () => undefined,
      (cause: unknown) => cause,
    );
    if (!(error instanceof AtmosError)) throw new Error(`not an error of ours: ${String(error)}`);
    expect(error.kind).toBe('invalid');
    const named = [...repository.read('expected.txt').matchAll(/stacks\/[\w./-]*\w\.\w+/g)].map(([file]) => file);
    const said = `${error.message} ${error.position?.file ?? ''}`;
    expect(named.filter((file) => said.includes(file))).not.toEqual([]);
  } finally {
    repository.close();
  }
});
