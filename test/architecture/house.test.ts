import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { SPECS } from '../../kinds/index.ts';

const ROOT = resolve(import.meta.dirname, '../..');

/** The folders of docs/architecture.md: what each may import of ours. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  cli: [
    'reports',
    'app',
    'kinds',
    'phases',
    'releases',
    'tracking',
    'vendoring',
    'config',
    'gotemplate',
    'yaml',
    'containers',
    'engine',
    'oci',
  ],
  reports: ['app', 'kinds', 'phases', 'releases', 'tracking', 'vendoring', 'config', 'gotemplate', 'yaml', 'containers', 'engine', 'oci'],
  app: ['kinds', 'phases', 'releases', 'tracking', 'vendoring', 'config', 'gotemplate', 'yaml', 'containers', 'engine', 'oci'],
  kinds: ['phases', 'releases', 'vendoring', 'config', 'gotemplate', 'yaml', 'containers', 'engine', 'oci'],
  phases: ['releases', 'tracking', 'vendoring', 'config', 'gotemplate', 'yaml', 'containers', 'engine', 'oci'],
  releases: ['engine', 'oci'],
  tracking: ['engine', 'oci'],
  vendoring: ['engine', 'oci'],
  config: ['gotemplate', 'yaml', 'engine', 'oci'],
  gotemplate: ['yaml', 'engine', 'oci'],
  yaml: ['engine', 'oci'],
  containers: ['engine', 'oci'],
  engine: ['oci'],
  oci: [],
};

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
  const circles: string[] = [];
  const done = new Set<string>();
  const visit = (file: string, way: readonly string[]): void => {
    const from = way.indexOf(file);
    if (from !== -1) circles.push([...way.slice(from), file].join(' → '));
    if (from !== -1 || done.has(file)) return;
    for (const target of targets.get(file) ?? []) visit(target, [...way, file]);
    done.add(file);
  };
  for (const file of targets.keys()) visit(file, []);
  expect(circles).toEqual([]);
});
