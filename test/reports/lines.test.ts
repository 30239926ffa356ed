import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { noticeOf } from '../../app/index.ts';
import { AtmosError } from '../../engine/index.ts';
import { noticeText } from '../../reports/notice.ts';

test('an error shows its line, marks the place, and says what to do', () => {
  const error = new AtmosError('unknown key "x"', {
    kind: 'invalid',
    code: 'unknown-key',
    hint: 'did you mean "y"?',
    position: { file: 'a.yaml', line: 2, column: 3, length: 1, excerpt: { first: 1, lines: ['a:', '  x: 1'] } },
  });
  const plain = stripVTControlCharacters(noticeText(noticeOf(error), 'error', error.position));
  expect(plain).toBe('a.yaml:2:3 error: unknown key "x"\n   1 | a:\n   2 |   x: 1\n     |   ^ did you mean "y"?');
});
