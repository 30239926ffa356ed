import { expect, test } from 'vitest';
import type { PlanAnswer } from '../../app/index.ts';
import { planMarkdown } from '../../cli/answers/plan-markdown.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;

const answer = {
  release: { digest: DIGEST },
  plans: {
    'terraform/a': {
      create: 1,
      update: 0,
      delete: 1,
      changes: [
        { address: 'x.new', actions: ['create'], attributes: [{ path: 'text', after: 'has ```fences``` and <b>' }] },
        { address: 'x.old', actions: ['delete'] },
        { address: 'x.other', actions: ['delete', 'create'], attributes: [{ path: 'zone', before: 'a', after: 'b', forces: true }] },
      ],
      warnings: [{ summary: 'Deprecated <thing>', detail: '', file: null, line: null }],
    },
    'terraform/b': { create: 0, update: 0, delete: 0, changes: [], warnings: [] },
  },
  unknown: { 'terraform/c': ['terraform/a'] },
  compared: {},
  current: ['terraform/b'],
  orphans: ['terraform/old'],
  pruned: true,
  locked: [],
} as unknown as PlanAnswer;

test('a plan as Markdown is a table of components and, below it, differences that no value can break out of', () => {
  expect(planMarkdown('app', 'dev', answer).split('\n')).toEqual([
    '### app → dev',
    '',
    'Would be release `aaaaaaaaaaaa`.',
    '',
    '| component | changes |',
    '| --- | --- |',
    '| `terraform/a` | **+1 -1** |',
    '| `terraform/b` | up to date |',
    '| `terraform/c` | known after apply of `terraform/a` |',
    '| `terraform/old` | no longer declared, still running: would be destroyed |',
    '',
    '<details><summary>terraform/a: +1 -1</summary>',
    '',
    '````diff',
    '+ create x.new',
    '      text: "has ```fences``` and <b>"',
    '- delete x.old',
    '! delete, create x.other',
    '      zone: "a" → "b"  (forces replacement)',
    '````',
    '',
    '</details>',
    '',
    '- terraform/a: Deprecated &lt;thing&gt;',
  ]);
});
