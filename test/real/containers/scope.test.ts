import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { limit } from '../../pace.ts';

const PROGRAM = `
  import { Cgroups } from ${JSON.stringify(join(import.meta.dirname, '../../../containers/bubblewrap/cgroups.ts'))};
  const groups = await Cgroups.find();
  (await groups.open()).set({ memoryMiB: 64, cpus: 1, pids: 64 });
  console.log(JSON.stringify(groups.abilities), groups.remedy);
  setInterval(() => undefined, 1000);`;

const hasSystemd = existsSync('/run/systemd/system');

/** Starts a process that makes a control group, with other variables too. */
async function maker(env: NodeJS.ProcessEnv): Promise<{ readonly child: ChildProcess; readonly said: string }> {
  const child = spawn(process.execPath, ['--input-type=module-typescript', '--eval', PROGRAM], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
  });
  // Ends, too, when the process does.
  const said = await Promise.race([once(child.stdout, 'data'), once(child, 'exit').then(() => ['it ended'])]);
  return { child, said: String(said[0]) };
}

async function end(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit');
  if (child.kill('SIGKILL')) await exited;
}

test('bubblewrap has its control groups in a scope of its own where systemd runs, and none of them outlives the process', async () => {
  const ownGroup = (pid: number): string => /^0::(.*)$/m.exec(readFileSync(`/proc/${pid}/cgroup`, 'utf8'))?.[1] ?? '';
  const { child, said } = await maker({});
  const group = ownGroup(child.pid as number);
  await end(child);
  expect(said).toBe('["memory-limit","cpu-limit","pids-limit"] undefined\n');
  if (!hasSystemd) {
    expect(group).toBe(ownGroup(process.pid));
    return;
  }
  expect(group).toMatch(/\/atmos-deployment-[^/]+\.scope\/self$/);
  await expect.poll(() => existsSync(join('/sys/fs/cgroup', dirname(group))), { timeout: limit(30_000) }).toBe(false);
});

test('bubblewrap says what gives an ordinary user control groups for whom no systemd runs', async () => {
  const { child, said } = await maker({ XDG_RUNTIME_DIR: '/nowhere' });
  await end(child);
  if (hasSystemd && process.getuid?.() !== 0)
    expect(said).toMatch(/^\[\] let systemd run for this user, .*: sudo loginctl enable-linger \w+\n$/);
  else expect(said).toBe('["memory-limit","cpu-limit","pids-limit"] undefined\n');
});
