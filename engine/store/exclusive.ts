import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AtmosError, errorCode, isMissing } from '../base/errors.ts';
import { formatProcess, parseProcess, thisProcess } from '../base/process.ts';
import type { Liveness } from './liveness.ts';
import { namesIn } from './walk.ts';

const FILE = 'pruning';
const POLL = 50;

/**
 * Does something that no other process may see halfway. Whoever uses a store has a directory in `tmp/` first and then looks for the mark that this
 * leaves; this leaves the mark first and then looks into `tmp/`: one of the two sees the other.
 * @throws AtmosError `cache-in-use` while another process uses the store
 */
export async function exclusive<T>(dir: string, liveness: Liveness, work: () => T): Promise<T> {
  const path = join(dir, FILE);
  if (pruner(dir, liveness) === 'gone') rmSync(path, { force: true });
  try {
    writeFileSync(path, formatProcess(thisProcess()), { flag: 'wx' });
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
    throw inUse('being cleaned by another command');
  }
  try {
    const own = formatProcess(thisProcess());
    const others = namesIn(join(dir, 'tmp')).filter((name) => {
      const owner = parseProcess(name);
      return name !== own && owner !== undefined && !liveness.isGone(owner);
    });
    if (others.length > 0) throw inUse(`used by ${others.map((name) => `process ${parseProcess(name)?.pid}`).join(', ')}`);
    return work();
  } finally {
    rmSync(path, { force: true });
  }
}

/** Waits while another process drops things. */
export async function awaitOthers(dir: string, liveness: Liveness): Promise<void> {
  while (pruner(dir, liveness) === 'alive') await new Promise((resolve) => setTimeout(resolve, POLL));
}

function pruner(dir: string, liveness: Liveness): 'none' | 'alive' | 'gone' {
  try {
    const owner = parseProcess(readFileSync(join(dir, FILE), 'utf8'));
    // Without a name it was killed while it wrote that, or writes it just now.
    return owner === undefined || liveness.isGone(owner) ? 'gone' : owner.pid === process.pid ? 'none' : 'alive';
  } catch (error) {
    if (isMissing(error)) return 'none';
    throw error;
  }
}

function inUse(why: string): AtmosError {
  return new AtmosError(`the cache is ${why}`, {
    kind: 'refused',
    code: 'cache-in-use',
    hint: 'wait until it has ended: what a running command needs is never dropped',
  });
}
