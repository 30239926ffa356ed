import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { findProviders, impliedMirrors, qualified } from '../../kinds/terraform/mirror.ts';

test('Terraform and OpenTofu look for a provider that names no registry in their own one', () => {
  expect(qualified('hashicorp/time')).toBe('registry.terraform.io/hashicorp/time');
  expect(qualified('hashicorp/time', 'tofu')).toBe('registry.opentofu.org/hashicorp/time');
  expect(qualified('registry.example.com/a/b', 'tofu')).toBe('registry.example.com/a/b');
});

test('a provider is found in the first mirror that has it at the address by which it is asked for', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'atmos-mirror-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const place = join(dir, 'two/registry.opentofu.org/hashicorp/time/1.0.0/linux_amd64');
  mkdirSync(place, { recursive: true });
  writeFileSync(join(place, 'terraform-provider-time'), 'x');
  const mirrors = [join(dir, 'one'), join(dir, 'two')];
  expect(await findProviders(mirrors, [qualified('hashicorp/time', 'tofu')])).toMatchObject([
    { dir: join(dir, 'two/registry.opentofu.org/hashicorp/time') },
  ]);
  expect(await findProviders(mirrors, [qualified('hashicorp/time')])).toBeUndefined();
});

test('the mirrors that both programs look into unasked are those of the user before those of the machine', () => {
  expect(impliedMirrors('/home/ana')).toEqual([
    '/home/ana/.terraform.d/plugins',
    '/home/ana/.local/share/terraform/plugins',
    '/home/ana/.local/share/opentofu/plugins',
    '/usr/local/share/terraform/plugins',
    '/usr/local/share/opentofu/plugins',
    '/usr/share/terraform/plugins',
    '/usr/share/opentofu/plugins',
  ]);
});
