import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { BIN, newShop, temporary } from './shop.ts';

const TEXT = 'x'.repeat(300_000);

/** A shop that has much to say, and a shell that has it said. */
async function talkative(): Promise<(script: string) => string> {
  const shop = await newShop();
  shop.commit('stacks/catalog/payment/network.yaml', (before) => before.replace('vars:', `settings: { text: ${TEXT} }\n      vars:`));
  const program = `${process.execPath} ${BIN}`;
  return (script) =>
    execFileSync('/bin/bash', ['-c', script.replaceAll('PROGRAM', program)], {
      cwd: shop.dir,
      encoding: 'utf8',
      maxBuffer: 10 * TEXT.length,
    });
}

test('a reader who takes his time gets all that is said, however much it is', async () => {
  const shell = await talkative();
  const said = shell('PROGRAM describe payment-service --target dev --format json | (sleep 2; cat)');
  expect(JSON.stringify(JSON.parse(said))).toContain(TEXT);
});

test('a reader who goes before all is said keeps nothing from being done', async () => {
  const shell = await talkative();
  const into = join(temporary(), 'codes');
  expect(shell(`PROGRAM describe payment-service --target dev --format json | head -1; echo "\${PIPESTATUS[@]}" > ${into}`)).toBe('{\n');
  expect(readFileSync(into, 'utf8')).toBe('0 0\n');
  shell(`PROGRAM rollout payment-service --target dev --verbose 2>&1 | (exec 0<&-; sleep 0.1); echo "\${PIPESTATUS[0]}" > ${into}`);
  expect(readFileSync(into, 'utf8')).toBe('0\n');
  expect(shell('PROGRAM status payment-service')).toContain('deployed');
});
