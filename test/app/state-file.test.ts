import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readState } from '../../app/states/state-file.ts';
import { refusal } from '../config/repository.ts';

function stateOf(text: string): string {
  const path = join(mkdtempSync(join(tmpdir(), 'atmos-state-')), 'terraform.tfstate');
  writeFileSync(path, text);
  return path;
}

test('a state says its lineage and serial, also where OpenTofu has encrypted all else', async () => {
  const plain = stateOf('{ "version": 4, "serial": 3, "lineage": "a-b", "outputs": {}, "resources": [] }');
  expect(await readState(plain)).toMatchObject({ lineage: 'a-b', serial: 3 });
  const encrypted = stateOf('{ "serial": 2, "lineage": "c-d", "meta": {}, "encrypted_data": "AAAA", "encryption_version": "v0" }');
  expect(await readState(encrypted)).toMatchObject({ lineage: 'c-d', serial: 2 });
});

test.each(['{}', '[]', 'text', '{ "version": 4, "serial": 3, "lineage": "a" }', '{ "serial": 3, "lineage": "a" }'])(
  'what is no state is told to be none: %s',
  async (text) => {
    expect(await refusal(readState(stateOf(text)))).toMatchObject({ code: 'invalid-state' });
  },
);

test('where there is no state, or Terraform has yet to write it, there is none', async () => {
  expect([await readState(stateOf('')), await readState('/nowhere/terraform.tfstate')]).toEqual([undefined, undefined]);
});
