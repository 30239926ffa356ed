import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type Digest, sha256 } from '../../engine/index.ts';
import { type ComponentResult, type Entry, type LedgerRecord, openRepository, type Person, type Repository } from '../../tracking/index.ts';

export const ANA: Person = { name: 'Ana', email: 'ana@example.com' };
export const RAVI: Person = { name: 'Ravi', email: 'ravi@example.com' };
export const RELEASE: Digest = sha256('a release');

/** Runs git as a user would; returns what it printed. */
export function git(dir: string, ...args: readonly string[]): string {
  return execFileSync('git', args, { cwd: dir, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
}

export function temporaryDirectory(): string {
  const dir = mkdtempSync(join(tmpdir(), 'atmos-tracking-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** A repository of Ana's with one commit. */
export function newRepository(): string {
  const dir = temporaryDirectory();
  git(dir, 'init', '--quiet', '--initial-branch=main');
  configure(dir);
  writeFileSync(join(dir, 'README'), 'hello\n');
  git(dir, 'add', 'README');
  git(dir, 'commit', '--quiet', '--message=First');
  return dir;
}

/** A bare repository that others clone over `file://`. */
export function newRemote(): string {
  const origin = newRepository();
  const bare = temporaryDirectory();
  git(origin, 'clone', '--quiet', '--bare', origin, join(bare, 'remote.git'));
  return join(bare, 'remote.git');
}

export function clone(remote: string): string {
  const dir = temporaryDirectory();
  git(dir, 'clone', '--quiet', `file://${remote}`, 'clone');
  configure(join(dir, 'clone'));
  return join(dir, 'clone');
}

export async function open(dir: string): Promise<Repository> {
  const repository = await openRepository(dir);
  onTestFinished(() => repository.close());
  return repository;
}

function record(fields: Partial<LedgerRecord> = {}): LedgerRecord {
  return {
    version: 2,
    id: randomBytes(8).toString('hex'),
    kind: 'rollout',
    deployment: 'shop',
    target: 'dev',
    release: RELEASE,
    commit: null,
    dirty: false,
    promotedFrom: null,
    by: ANA,
    at: '2026-01-02T03:04:05Z',
    result: 'deployed',
    durationMs: 1000,
    components: {},
    orphans: [],
    artifacts: null,
    reason: null,
    ...fields,
  };
}

/** A record of a rollout of one component, which succeeded unless `fields` say otherwise. */
export function entry(fields: Partial<LedgerRecord> = {}): Entry {
  return { record: record({ components: { 'terraform/net': result() }, ...fields }) };
}

export function result(fields: Partial<ComponentResult> = {}): ComponentResult {
  const digests = { release: RELEASE, layer: RELEASE, settings: RELEASE, outputs: RELEASE };
  return {
    action: 'applied',
    commit: 'c0ffee'.padEnd(40, '0'),
    changes: null,
    error: null,
    began: true,
    upstream: {},
    dependsOn: [],
    state: null,
    ...digests,
    ...fields,
  };
}

export function configure(dir: string): void {
  git(dir, 'config', 'user.name', ANA.name);
  git(dir, 'config', 'user.email', ANA.email);
}
