import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connect } from '../../../containers/docker-api/connect.ts';
import type { Digest } from '../../../engine/index.ts';
import { type Bench, openBench, RUNTIMES, runScript } from './bench.ts';

const VALUES: Readonly<Record<string, string>> = {
  PLAIN: 'planted-secret-value',
  LINES: 'first\n\n  second\nend\n',
  QUOTED: `it's "so" \\ $HOME \`id\` $(id) %s \t ü`,
  EMPTY: '',
  OPTION: '-n',
  LONG: 'x'.repeat(60_000),
};

describe.each(RUNTIMES)('%s', (name) => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench(name);
  });
  afterAll(() => bench.close());

  test.each([
    ['a node', {}],
    ['a node that changes the world', { effect: 'shop/dev/network/apply' }],
    ['a node without programs on its path', { env: { PATH: '/nowhere', IFS: 'a', ENV: '/nowhere' } }],
  ])('secrets are variables of %s just as they are, and it reads nothing', async (_, exec) => {
    const script = `${Object.keys(VALUES)
      .map((key) => `printf %s "$${key}" > /out/${key}; `)
      .join('')}read -r line; echo "[$line]"; exit 3`;
    const outputs = [{ name: 'out', path: '/out' }];
    const argv = ['/bin/sh', '-c', script];
    const ran = await runScript(bench, '', { exec: { outputs, argv, succeeds: [3], ...exec }, secrets: VALUES });
    expect(ran).toMatchObject({ exitCode: 3, stdout: '[]\n' });
    const { entries } = await bench.store.tree(ran.outputs.out as Digest);
    const read = async (digest: Digest): Promise<string> => Buffer.from((await bench.store.get(digest)) ?? '').toString('utf8');
    const found = await Promise.all(entries.map(async ({ path, digest }) => [path, await read(digest)] as const));
    expect(Object.fromEntries(found)).toEqual(VALUES);
  });
});

describe.each(['docker', 'podman'] as const)('%s', (name) => {
  test('what the engine tells of a container with secrets has none of them', async () => {
    const bench = await openBench(name);
    const engine = await connect(name);
    try {
      const told: string[] = [];
      let looked: Promise<void> | undefined;
      const look = async (): Promise<void> => {
        const all = await engine.docker.listContainers({ all: true });
        const each = await Promise.all(all.map(({ Id }) => engine.docker.getContainer(Id).inspect()));
        told.push(...[all, ...each].map((one) => JSON.stringify(one)));
      };
      const onOutput = (): void => {
        looked ??= look();
      };
      const running = runScript(bench, 'echo begun; sleep 2', { secrets: VALUES, exec: { env: { DECLARED: 'declared-value' } }, onOutput });
      expect(await running).toMatchObject({ exitCode: 0, stdout: 'begun\n' });
      await looked;
      expect(told.some((text) => text.includes('declared-value'))).toBe(true);
      expect(told.filter((text) => text.includes('planted-secret-value'))).toEqual([]);
    } finally {
      await engine.close();
      await bench.close();
    }
  });

  test('a program that is not in the image is an error that names it', async () => {
    const bench = await openBench(name);
    try {
      await expect(runScript(bench, '', { exec: { argv: ['/nowhere'] } })).rejects.toMatchObject({
        kind: 'failed',
        code: 'no-program',
        message: 'the image has no /nowhere',
      });
    } finally {
      await bench.close();
    }
  });

  test('a secret whose name no shell knows, or that is a shell’s own, is refused', async () => {
    const bench = await openBench(name);
    try {
      for (const odd of ['TF_VAR_a-b', 'UID', 'RANDOM']) {
        await expect(runScript(bench, 'true', { secrets: { [odd]: 'x' } })).rejects.toMatchObject({ code: 'secret-name' });
      }
    } finally {
      await bench.close();
    }
  });
});
