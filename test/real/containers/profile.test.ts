import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ARM64, COMMON, X86_64 } from '../../../containers/system/system-calls.ts';

/** What container engines have published, as Podman's package brings it. */
const PROFILE = ['/usr/share/containers/seccomp.json', '/etc/containers/seccomp.json'].find((path) => existsSync(path));

interface Rule {
  readonly names: readonly string[];
  readonly action: string;
  readonly includes?: { readonly caps?: readonly string[] };
}

/** Calls of machines with 32 bits, or of kernels that are gone. */
const GONE = ['clock_settime64', 'query_module', 'stime', 'umount'];

test('all that the published profile gives to capabilities alone is refused', () => {
  const { syscalls } = JSON.parse(readFileSync(String(PROFILE), 'utf8')) as { syscalls: readonly Rule[] };
  const allowed = syscalls.filter(({ action }) => action === 'SCMP_ACT_ALLOW');
  const isOpen = ({ includes }: Rule): boolean => (includes?.caps ?? []).length === 0;
  const open = new Set(allowed.filter(isOpen).flatMap(({ names }) => names));
  const guarded = allowed.filter((rule) => !isOpen(rule)).flatMap(({ names }) => names);
  expect(guarded.length).toBeGreaterThan(10);
  const ours = Object.keys({ ...X86_64, ...ARM64, ...COMMON });
  expect(guarded.filter((name) => !open.has(name) && !ours.includes(name) && !GONE.includes(name))).toEqual([]);
});
