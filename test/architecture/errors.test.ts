import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { errorIndex } from '../../scripts/error-index.ts';

const ROOT = join(import.meta.dirname, '../..');

test('docs/errors.md has every code that an error may have, and what it says (npm run errors)', () => {
  expect(readFileSync(join(ROOT, 'docs/errors.md'), 'utf8')).toBe(errorIndex(ROOT));
});
