import { mkdirSync, mkdtempSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { formatProcess, thisProcess } from '../../engine/index.ts';
import { Liveness } from '../../engine/store/liveness.ts';

const MINUTE = 60_000;
/** A process of another boot, or of another container: nothing but its signs of life tells whether it lives. */
const OTHER = { machine: 'another-boot', pid: 7, started: '1' };

function site(): { liveness: Liveness; pass(ms: number): void; beat(at: Date): void } {
  const dir = mkdtempSync(join(tmpdir(), 'atmos-liveness-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const own = join(dir, 'tmp', formatProcess(OTHER));
  mkdirSync(own, { recursive: true });
  let now = 0;
  return {
    liveness: new Liveness(dir, () => now),
    pass: (ms) => {
      now += ms;
    },
    beat: (at) => utimesSync(own, at, at),
  };
}

test('a process of another boot or container counts as gone once it gave no sign of life for as long as the lease', () => {
  const { liveness, pass, beat } = site();
  beat(new Date());
  expect(liveness.isGone(OTHER)).toBe(false);
  pass(MINUTE / 2);
  expect(liveness.isGone(OTHER)).toBe(false);
  // It lives.
  beat(new Date(Date.now() + 1000));
  pass(MINUTE / 2);
  expect(liveness.isGone(OTHER)).toBe(false);
  pass(MINUTE / 2);
  expect(liveness.isGone(OTHER)).toBe(false);
  pass(MINUTE / 2);
  expect(liveness.isGone(OTHER)).toBe(true);
});

test('one whose last sign of life is old, or that has left nothing, is gone at once', () => {
  const { liveness, beat } = site();
  beat(new Date(Date.now() - 20 * MINUTE));
  expect(liveness.isGone(OTHER)).toBe(true);
  expect(liveness.isGone({ ...OTHER, pid: 8 })).toBe(true);
});

test('a process of this machine is looked up, and needs no sign of life', () => {
  const { liveness } = site();
  expect(liveness.isGone(thisProcess())).toBe(false);
  expect(liveness.isGone({ ...thisProcess(), started: '1' })).toBe(true);
});
