import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { DRIVER_NAMES } from '../../containers/drivers.ts';
import { SPECS } from '../../kinds/index.ts';

const ROOT = resolve(import.meta.dirname, '../..');

/** The rooms of docs/architecture.md, from above down: each may import those below it, but for its neighbours. */
const ROOMS: readonly (readonly string[])[] = [
  ['cli'],
  ['reports'],
  ['app'],
  ['stores', 'remote-cache', 'kinds'],
  ['phases'],
  ['releases', 'tracking', 'vendoring', 'config', 'containers'],
  ['gotemplate'],
  ['yaml'],
  ['engine'],
  ['oci'],
];

const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  ROOMS.flatMap((floor, index) => floor.map((room) => [room, ROOMS.slice(index + 1).flat()])),
);

interface Import {
  readonly file: string;
  readonly target: string;
}

function filesBelow(folder: string): readonly string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `${folder}/${name}`);
}

function importsOf(file: string): readonly Import[] {
  const text = readFileSync(join(ROOT, file), 'utf8');
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+\.ts)'/g)].map(([, path = '']) => ({
    file,
    target: relative(ROOT, resolve(ROOT, dirname(file), path)),
  }));
}

/** Ways from something back to itself. */
function circlesIn(targets: ReadonlyMap<string, Iterable<string>>): readonly string[] {
  const circles: string[] = [];
  const done = new Set<string>();
  const visit = (one: string, way: readonly string[]): void => {
    const from = way.indexOf(one);
    if (from !== -1) circles.push([...way.slice(from), one].join(' → '));
    if (from !== -1 || done.has(one)) return;
    for (const target of targets.get(one) ?? []) visit(target, [...way, one]);
    done.add(one);
  };
  for (const one of targets.keys()) visit(one, []);
  return circles;
}

const folderOf = (path: string): string => path.split('/')[0] ?? '';
const folders = readdirSync(ROOT).filter((name) => name in MAY_IMPORT);
const imports = folders.flatMap((folder) => filesBelow(folder).flatMap(importsOf));

test('imports between folders point down only', () => {
  const upward = imports.filter(({ file, target }) => {
    const [from, to] = [folderOf(file), folderOf(target)];
    return from !== to && !(MAY_IMPORT[from] ?? []).includes(to);
  });
  expect(upward).toEqual([]);
});

test('a folder is entered through its index.ts alone', () => {
  const around = imports.filter(({ file, target }) => folderOf(file) !== folderOf(target) && !/^[a-z-]+\/index\.ts$/.test(target));
  expect(around).toEqual([]);
});

test('no folder imports itself through others, rooms and the folders within them alike', () => {
  // The face of a room has all of it, and belongs to none of its folders.
  const within = imports.filter(
    ({ file, target }) => folderOf(file) === folderOf(target) && ![file, target].some((one) => /^[^/]+\/index\.ts$/.test(one)),
  );
  const targets = new Map<string, Set<string>>();
  for (const { file, target } of within) {
    const [from, to] = [dirname(file), dirname(target)];
    if (from !== to) targets.set(from, (targets.get(from) ?? new Set()).add(to));
  }
  expect(circlesIn(targets)).toEqual([]);
});

test('only kinds/ compares with the name of a kind', () => {
  const names = Object.keys(SPECS).join('|');
  const compared = new RegExp(`([=!]==? '(${names})'|'(${names})' [=!]==? |case '(${names})'|startsWith\\('(${names})/)`);
  const found = folders
    .filter((folder) => folder !== 'kinds')
    .flatMap(filesBelow)
    .flatMap((file) =>
      readFileSync(join(ROOT, file), 'utf8')
        .split('\n')
        .flatMap((line, index) => (compared.test(line) ? [`${file}:${index + 1} ${line.trim()}`] : [])),
    );
  expect(found).toEqual([]);
});

test('only a runtime’s own folder and the table of drivers know it by name', () => {
  const own = /^containers\/(?:bubblewrap|docker|docker-api)\/|^containers\/(?:drivers|system\/engines)\.ts$/;
  const named = new RegExp(`'(${DRIVER_NAMES.join('|')})'`);
  const found = folders
    .flatMap(filesBelow)
    .filter((file) => !own.test(file))
    .flatMap((file) =>
      readFileSync(join(ROOT, file), 'utf8')
        .split('\n')
        .flatMap((line, index) => (named.test(line) ? [`${file}:${index + 1} ${line.trim()}`] : [])),
    );
  expect(found).toEqual([]);
});

test('every folder of the house has a face with a header comment', () => {
  for (const folder of folders.filter((name) => name !== 'cli')) {
    expect(readFileSync(join(ROOT, folder, 'index.ts'), 'utf8').slice(0, 3), folder).toBe('/**');
  }
});

test('no file of ours is longer than 260 lines', () => {
  const long = folders.flatMap(filesBelow).filter((file) => readFileSync(join(ROOT, file), 'utf8').split('\n').length > 260);
  expect(long).toEqual([]);
});

test('no file imports itself, through however many others', () => {
  const targets = new Map<string, readonly string[]>();
  for (const { file, target } of imports) targets.set(file, [...(targets.get(file) ?? []), target]);
  expect(circlesIn(targets)).toEqual([]);
});
