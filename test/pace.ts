import { execFileSync } from 'node:child_process';

/** What starting Node takes on the machine that limits were chosen on, in milliseconds. */
const USUAL = 60;
const VARIABLE = 'ATMOS_TEST_PACE';

/**
 * How many times slower than usual this machine is, at least 1: what starting Node takes, the best of three. An emulated machine takes twenty times
 * as long, and is no failure. Measured once a run, by the configuration of vitest; its workers find it in their environment.
 */
export function pace(): number {
  const known = Number(process.env[VARIABLE]);
  if (known >= 1) return known;
  const times = Array.from({ length: 3 }, () => {
    const began = performance.now();
    execFileSync(process.execPath, ['-e', '0']);
    return performance.now() - began;
  });
  const measured = Math.max(1, Math.min(...times) / USUAL);
  process.env[VARIABLE] = String(measured);
  return measured;
}

/** A limit of time for this machine, from one for the usual machine, both in milliseconds. */
export function limit(ms: number): number {
  return Math.ceil(ms * pace());
}
