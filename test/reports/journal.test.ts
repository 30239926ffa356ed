import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, onTestFinished, test } from 'vitest';
import { EVENT_VERSION, eventSchema, eventStream, explain, findRun, journals, type Workspace } from '../../app/index.ts';
import { durationsIn } from '../../app/workspace/journal.ts';
import { AtmosError, makeGraph, makeTree, type Node, run } from '../../engine/index.ts';
import { journal } from '../../reports/index.ts';
import { newStore, node, optionsFor, runtimeOf } from '../engine/bench.ts';

function directory(): string {
  const dir = mkdtempSync(join(tmpdir(), 'atmos-journal-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return join(dir, 'logs');
}

const subjectOf = (target: string) => ({ command: ['plan', 'app', '--target', target], deployment: 'app', target });

/** A workspace as far as `explain` needs it, and what runs nodes in it as a command. */
function world() {
  const store = newStore();
  const logsRoot = directory();
  const runtime = runtimeOf(store, ({ id }) => (id === 'bad' ? 1 : 0));
  const command = async (target: string, nodes: readonly Node[]): Promise<void> => {
    const { subscriber, close } = journal(logsRoot, subjectOf(target));
    const events = eventStream();
    events.subscribe(subscriber);
    events.emit({ type: 'command-started', version: EVENT_VERSION, ...subjectOf(target) });
    await run(makeGraph([...nodes]), { ...optionsFor(store, runtime), listener: (event) => events.emit(event) });
    close();
    // Runs of one millisecond sort by their random part.
    await new Promise((resolve) => setTimeout(resolve, 2));
  };
  const source = async (text: string) =>
    store.putTree(makeTree([{ path: 'main.tf', mode: '644', digest: await store.put(text), size: text.length }]));
  return { store, logsRoot, command, source, workspace: { store, logsRoot } as unknown as Workspace };
}

test('every line of a journal is what the published schema says, and it can be read back', async () => {
  const { logsRoot, command } = world();
  await command('dev', [node('good'), node('bad'), node('after', { after: ['bad'] })]);
  await command('dev', [node('good')]);
  const validate = new Ajv2020({ strict: false }).compile(eventSchema);
  const lines = readdirSync(logsRoot).flatMap((name) => readFileSync(join(logsRoot, name), 'utf8').trimEnd().split('\n'));
  for (const line of lines) expect([validate(JSON.parse(line)), validate.errors]).toEqual([true, null]);
  const types = new Set(lines.map((line) => JSON.parse(line).type));
  expect([...types].sort()).toEqual(['cached', 'cancelled', 'command-started', 'failed', 'finished', 'queued', 'run', 'started']);
  expect([...journals(logsRoot)].map(({ run: { deployment, target }, events }) => [`${deployment} ${target}`, events.length])).toEqual([
    ['app dev', 2],
    ['app dev', expect.any(Number)],
  ]);
  expect([...durationsIn(logsRoot).keys()]).toEqual(['good']);
  expect(findRun(logsRoot, 'last').events.map(({ type }) => type)).toEqual(['queued', 'cached']);
});

test('explain names what of a key is another than in the run before of the same target, down to the file', async () => {
  const { command, source, workspace } = world();
  const nodes = async (text: string, env: string) => [
    node('init', { inputs: [{ path: '/source', from: await source(text) }], exec: { env: { REGION: env } } }),
  ];
  await command('dev', await nodes('one', 'eu'));
  expect(await explain(workspace, 'init')).toMatchObject({ ran: 'not-in-cache', comparedWith: undefined });
  await command('prod', await nodes('other', 'us'));
  await command('dev', await nodes('two', 'eu'));
  const { ran, differences, comparedWith } = await explain(workspace, 'init');
  expect(ran).toBe('not-in-cache');
  expect(comparedWith?.target).toBe('dev');
  expect(differences).toMatchObject([{ part: 'inputs /source', files: ['main.tf'] }]);
  await command('dev', await nodes('two', 'us'));
  expect((await explain(workspace, 'init')).differences).toEqual([{ part: 'env REGION', before: 'eu', after: 'us' }]);
  await command('dev', await nodes('two', 'us'));
  expect(await explain(workspace, 'init')).toMatchObject({ ran: 'cached', differences: [] });
  await expect(explain(workspace, 'initt')).rejects.toMatchObject({ code: 'no-node', hint: 'did you mean "init"?' });
});

test('a journal whose command was killed is read up to its last whole line; of many the newest hundred are kept', () => {
  const logsRoot = directory();
  mkdirSync(logsRoot, { recursive: true });
  const line = JSON.stringify({ type: 'run', version: 1, run: '20260101T000000-0000', at: 0, ...subjectOf('dev') });
  writeFileSync(join(logsRoot, '20260101T000000-0000.jsonl'), `${line}\n{"at":1,"no`);
  expect(findRun(logsRoot, '2026')).toMatchObject({ events: [] });
  for (let index = 1; index < 120; index += 1) {
    writeFileSync(join(logsRoot, `20260102T000000-${String(index).padStart(4, '0')}.jsonl`), `${line}\n`);
  }
  const { subscriber: write } = journal(logsRoot, subjectOf('dev'));
  write({ seq: 0, at: 1, node: 'a', component: 'a', step: 'make', type: 'cancelled', because: 'so' });
  expect(readdirSync(logsRoot)).toHaveLength(100);
  expect(existsSync(join(logsRoot, '20260101T000000-0000.jsonl'))).toBe(false);
  expect(() => findRun(logsRoot, 'nothing')).toThrow(AtmosError);
});

test('a disk that can’t be written to makes no difference to the command', () => {
  const logsRoot = directory();
  // /sys takes no directories, not even from root.
  const { subscriber: write } = journal('/sys/atmos-logs', subjectOf('dev'));
  expect(() => write({ seq: 0, at: 1, node: 'a', component: 'a', step: 'make', type: 'cancelled', because: 'so' })).not.toThrow();
  expect(existsSync(logsRoot)).toBe(false);
});

test('of what a node writes without end only the beginning is kept, and that is said', () => {
  const dir = directory();
  const { subscriber, close } = journal(dir, subjectOf('dev'));
  const from = { seq: 0, at: 1, component: '', step: '' };
  const line = `${'x'.repeat(65_535)}\n`;
  for (let count = 0; count < 100; count += 1) subscriber({ ...from, node: 'loud', type: 'output', stream: 'stdout', text: line });
  subscriber({ ...from, node: 'other', type: 'output', stream: 'stdout', text: 'heard\n' });
  close();
  const { events } = findRun(dir, 'last');
  const text = events.map((event) => (event.type === 'output' ? event.text : '')).join('');
  expect(text.length).toBeLessThan(4_300_000);
  expect(text).toContain('[what this node wrote further was not kept]\nheard\n');
});
