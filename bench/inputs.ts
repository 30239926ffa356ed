import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundle } from './bundle.ts';
import { atMost, type Figures, told } from './figures.ts';

const MIB = 500;

/** A large input that many nodes read: how often it is placed, how long that takes the first time and later, and what memory. */
export async function figures(): Promise<Figures> {
  const all: Record<string, Figures[string]> = {};
  const program = await bundle('inputs-user.ts');
  for (const runtime of ['bubblewrap', 'docker', 'docker, no shared files']) {
    const others = volumes();
    const dir = mkdtempSync(join(tmpdir(), 'atmos-bench-inputs-'));
    try {
      const first = measure(program.start, dir, runtime);
      const later = measure(program.start, dir, runtime);
      all[`${runtime}: placed for 20 nodes`] = atMost(first.placedMiB / MIB, 1.05);
      all[`${runtime}: placed by the next run`] = atMost(later.placedMiB / MIB, 0.05);
      all[`${runtime}: the first run`] = told(first.ms, 'ms');
      all[`${runtime}: the next run`] = told(later.ms, 'ms');
      all[`${runtime}: peak memory`] = atMost(Math.max(first.peakMiB, later.peakMiB), 150, 'MiB');
    } finally {
      const left = volumes().filter((name) => !others.includes(name));
      if (left.length > 0) execFileSync('docker', ['volume', 'rm', ...left], { stdio: 'ignore' });
      rmSync(dir, { recursive: true, force: true });
    }
  }
  program.remove();
  return all;
}

function volumes(): readonly string[] {
  return execFileSync('docker', ['volume', 'ls', '--quiet'], { encoding: 'utf8' })
    .split('\n')
    .filter((name) => name !== '');
}

interface Measured {
  readonly ms: number;
  readonly placedMiB: number;
  readonly peakMiB: number;
}

function measure(program: string, dir: string, runtime: string): Measured {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, dir, runtime, String(MIB)], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Measured;
}
