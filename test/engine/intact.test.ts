import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openStore } from '../../engine/index.ts';
import { newStore } from './bench.ts';

describe('a tree that was checked out before', () => {
  /** A store with such a tree, opened again as by the next command. */
  async function checkedOut() {
    const { dir } = newStore();
    const source = mkdtempSync(join(tmpdir(), 'atmos-source-'));
    onTestFinished(() => rmSync(source, { recursive: true }));
    mkdirSync(join(source, 'sub'));
    writeFileSync(join(source, 'sub/run'), 'echo good\n', { mode: 0o755 });
    writeFileSync(join(source, 'plain'), 'plain');
    symlinkSync('plain', join(source, 'link'));
    const first = openStore(dir);
    const tree = await first.ingest(source);
    const path = await first.checkOut(tree);
    await first.close();
    return { path, again: () => openStore(dir).checkOut(tree) };
  }
  const isWhole = (path: string): void => {
    expect(readdirSync(path).sort()).toEqual(['link', 'plain', 'sub']);
    expect(readFileSync(join(path, 'sub/run'), 'utf8')).toBe('echo good\n');
    expect(lstatSync(join(path, 'sub/run')).mode & 0o7777).toBe(0o755);
    expect(readFileSync(join(path, 'plain'), 'utf8')).toBe('plain');
    expect(readlinkSync(join(path, 'link'))).toBe('plain');
  };

  test.each<[string, (path: string) => void]>([
    ['a file that was changed', (path) => writeFileSync(join(path, 'plain'), 'other')],
    [
      'one that was changed and looks as it did',
      (path) => {
        const { atime, mtime } = statSync(join(path, 'sub/run'));
        writeFileSync(join(path, 'sub/run'), 'echo evil\n');
        utimesSync(join(path, 'sub/run'), atime, mtime);
      },
    ],
    ['a mode', (path) => chmodSync(join(path, 'plain'), 0o755)],
    ['a file more', (path) => writeFileSync(join(path, 'sub/more'), '')],
    ['a directory more', (path) => mkdirSync(join(path, 'more'))],
    ['a file less', (path) => rmSync(join(path, 'plain'))],
    [
      'a link that leads elsewhere',
      (path) => {
        rmSync(join(path, 'link'));
        symlinkSync('/etc', join(path, 'link'));
      },
    ],
    [
      'a link in place of a directory',
      (path) => {
        renameSync(join(path, 'sub'), `${path}-moved`);
        symlinkSync(`${path}-moved`, join(path, 'sub'));
      },
    ],
  ])('is laid out anew where %s is found in it', async (_, change) => {
    const { path, again } = await checkedOut();
    change(path);
    expect(await again()).toBe(path);
    isWhole(path);
  });

  test('stays as it is where nothing was done to it, or only a link was made to its files', async () => {
    const { path, again } = await checkedOut();
    const inode = lstatSync(path).ino;
    linkSync(join(path, 'plain'), `${path}-link`);
    expect(await again()).toBe(path);
    expect(lstatSync(path).ino).toBe(inode);
    isWhole(path);
  });
});
