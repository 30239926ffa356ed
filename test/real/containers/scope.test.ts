import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';

const PROGRAM = `
  import { Cgroups } from ${JSON.stringify(join(import.meta.dirname, '../../../containers/bubblewrap/cgroups.ts'))};
  const groups = await Cgroups.find();
  groups.open().set({ memoryMiB: 64, cpus: 1, pids: 64 });
  console.log(groups.abilities.join(' '));
  setInterval(() => undefined, 1000);`;

test('bubblewrap has its control groups in a scope of its own where systemd runs, and none of them outlives the process', async () => {
  const ownGroup = (pid: number): string => /^0::(.*)$/m.exec(readFileSync(`/proc/${pid}/cgroup`, 'utf8'))?.[1] ?? '';
  const child = spawn(process.execPath, ['--input-type=module-typescript', '--eval', PROGRAM], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [said] = await once(child.stdout, 'data');
  const group = ownGroup(child.pid as number);
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(String(said)).toBe('memory-limit cpu-limit pids-limit\n');
  if (!existsSync('/run/systemd/system')) {
    expect(group).toBe(ownGroup(process.pid));
    return;
  }
  expect(group).toMatch(/\/atmos-deployment-[^/]+\.scope\/self$/);
  await expect.poll(() => existsSync(join('/sys/fs/cgroup', dirname(group))), { timeout: 30_000 }).toBe(false);
});
