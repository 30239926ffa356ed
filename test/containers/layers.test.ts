import { pipeline } from 'node:stream/promises';
import fc from 'fast-check';
import { extract } from 'tar-stream';
import { expect, test } from 'vitest';
import { packLayer } from '../../containers/images/assemble.ts';
import { type LayerEntry, RootFs } from '../../containers/images/layers.ts';
import { isTreePath, makeTree, sha256 } from '../../engine/index.ts';

const file = (path: string, text = path): LayerEntry => ({
  path,
  type: 'file',
  content: { digest: sha256(text), size: text.length },
  isExecutable: false,
  target: '',
});
const link = (path: string, target: string): LayerEntry => ({ ...file(path, target), type: 'link', target });
const hardlink = (path: string, target: string): LayerEntry => ({ ...file(path), type: 'hardlink', content: undefined, target });
const dir = (path: string): LayerEntry => ({ ...file(path), type: 'directory', content: undefined });

function paths(...layers: readonly (readonly LayerEntry[])[]): readonly string[] {
  const root = new RootFs();
  for (const layer of layers) root.apply(layer);
  return root.tree().entries.map(({ path }) => path);
}

test('a whiteout takes away what lies below its layer, and an opaque one all of a directory', () => {
  expect(paths([file('a/x'), file('a/y'), file('b')], [file('a/.wh.x'), file('.wh.b')])).toEqual(['a/y']);
  expect(paths([file('a/x'), file('a/y')], [file('a/new'), file('a/.wh..wh..opq')])).toEqual(['a/new']);
  expect(paths([file('a/x'), file('a/y')], [file('.wh.a'), file('a/z')])).toEqual(['a/z']);
});

test('a directory stays where nothing is left in it, until it is taken away itself', () => {
  expect(paths([dir('run'), dir('var/'), dir('var/empty'), file('etc/x')])).toEqual(['etc/x', 'run', 'var/empty']);
  expect(paths([file('a/b/x')], [file('a/b/.wh.x')])).toEqual(['a/b']);
  expect(paths([dir('a/b'), file('c')], [file('.wh.a'), dir('c/d')])).toEqual(['c/d']);
  expect(paths([dir('a/b')], [file('a/b')], [dir('a/b/c')])).toEqual(['a/b/c']);
  const root = new RootFs();
  root.apply([dir('run'), file('x')]);
  expect(root.files().entries.map(({ path }) => path)).toEqual(['x']);
});

test('paths that go through links are where the links lead, as in a container', () => {
  expect(paths([file('usr/lib/one'), link('lib', 'usr/lib')], [file('lib/two')])).toEqual(['lib', 'usr/lib/one', 'usr/lib/two']);
  expect(paths([link('etc/alternatives', '../../../../outside')], [file('etc/alternatives/x')])).toEqual(['etc/alternatives', 'outside/x']);
  expect(paths([link('out', '/')], [file('out/x')])).toEqual(['out', 'x']);
});

test('what is laid over something else takes its place', () => {
  expect(paths([file('a')], [file('a/b')])).toEqual(['a/b']);
  expect(paths([file('a/b')], [file('a')])).toEqual(['a']);
  expect(paths([link('a', 'b')], [dir('a'), file('a/x')])).toEqual(['a/x']);
});

test('a hard link is the file that it leads to, and one to nothing is refused', () => {
  const root = new RootFs();
  root.apply([file('./bin/a'), hardlink('bin/b', 'bin/a')]);
  const [a, b] = root.tree().entries;
  expect(b).toEqual({ ...a, path: 'bin/b' });
  expect(() => paths([hardlink('x', '../etc/passwd')])).toThrow('outside of its root');
  expect(() => paths([hardlink('x', 'nothing')])).toThrow('which is not there');
});

test.each(['../x', 'a/../../x', '/../x', 'a\0b'])('a path that leaves the root is refused: %j', (path) => {
  expect(() => paths([file(path)])).toThrow('outside of its root');
});

test('links that lead to one another are no way out and no endless one', () => {
  expect(() => paths([link('a', 'b'), link('b', 'a')], [file('a/x')])).toThrow('too many links');
});

test('whatever layers there are, a tree comes out of them, or they are refused', () => {
  const name = fc.constantFrom('a', 'b', 'c', '.', '..', '.wh.a', '.wh..wh..opq');
  const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));
  const entry = fc.oneof(
    path.map((p) => file(p)),
    path.map(dir),
    fc.tuple(path, path).map(([p, target]) => link(p, target)),
    fc.tuple(path, path).map(([p, target]) => hardlink(p, target)),
  );
  fc.assert(
    fc.property(fc.array(fc.array(entry, { maxLength: 8 }), { maxLength: 4 }), (layers) => {
      const found = (() => {
        try {
          return paths(...layers);
        } catch (error) {
          if ((error as { code?: string }).code === 'unsafe-layer') return [];
          throw error;
        }
      })();
      for (const one of found) {
        expect(isTreePath(one)).toBe(true);
        // Nothing lies below what is no directory.
        expect(found.some((other) => other.startsWith(`${one}/`))).toBe(false);
      }
    }),
    { numRuns: 3_000 },
  );
});

test('a layer that was made here has a /tmp that everybody may write to, and nothing else of that kind', async () => {
  const empty = { mode: 'directory', digest: sha256(''), size: 0 } as const;
  const files = makeTree(['app/tmp', 'srv', 'tmp'].map((path) => ({ path, ...empty })));
  const modes: Record<string, number | undefined> = {};
  const archive = extract();
  archive.on('entry', ({ name, mode }, stream, next) => {
    modes[name] = mode;
    stream.on('end', next).resume();
  });
  await pipeline(
    packLayer(files, async () => Buffer.alloc(0)),
    archive,
  );
  expect(modes).toEqual({ 'app/': 0o755, 'app/tmp/': 0o755, 'srv/': 0o755, 'tmp/': 0o1777 });
});
