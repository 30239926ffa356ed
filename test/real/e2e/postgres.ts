import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { address, freePort } from './ports.ts';

export interface Postgres {
  /** A connection string that works on this machine, in a sandbox with its network, and in a container with one of its own. */
  readonly url: string;
  query(sql: string): string;
  stop(): void;
}

/** Starts a server of our own, on a free port of all addresses of this machine; as `postgres` where we are root, which it refuses to run as. */
export async function startPostgres(): Promise<Postgres> {
  const bin = binaries();
  const dir = mkdtempSync(join(tmpdir(), 'atmos-postgres-'));
  const port = await freePort();
  const isRoot = process.getuid?.() === 0;
  if (isRoot) execFileSync('chown', ['postgres', dir]);
  chmodSync(dir, 0o755);
  const call = (command: string, ...args: readonly string[]): string =>
    execFileSync(isRoot ? 'runuser' : command, isRoot ? ['-u', 'postgres', '--', command, ...args] : args, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      cwd: '/',
    });
  const data = join(dir, 'data');
  call(join(bin, 'initdb'), '--pgdata', data, '--username', 'postgres', '--auth', 'trust', '--no-sync');
  call('sh', '-c', `echo 'host all all 0.0.0.0/0 trust' >> ${data}/pg_hba.conf`);
  const options = `-p ${port} -c listen_addresses=* -c unix_socket_directories=${dir} -c fsync=off`;
  // Its output goes to a file: a pipe would keep us waiting for as long as the server runs.
  call('sh', '-c', `${join(bin, 'pg_ctl')} --pgdata ${data} --log ${dir}/log --wait --options '${options}' start >/dev/null`);
  return {
    url: `postgres://postgres:pg-pl4nted-passw0rd@${address()}:${port}/postgres?sslmode=disable`,
    query: (sql) => call(join(bin, 'psql'), '-h', dir, '-p', String(port), '-U', 'postgres', '-Atc', sql).trim(),
    stop() {
      call('sh', '-c', `${join(bin, 'pg_ctl')} --pgdata ${data} --mode immediate stop >/dev/null`);
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** Debian keeps each version's programs to itself. */
function binaries(): string {
  const root = '/usr/lib/postgresql';
  const versions = existsSync(root) ? readdirSync(root).sort() : [];
  const found = versions.map((version) => join(root, version, 'bin')).findLast((dir) => existsSync(join(dir, 'postgres')));
  if (found === undefined) throw new Error('PostgreSQL is not installed: scripts/provide test');
  return found;
}
