import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Cgroups, sweep } from '../../containers/bubblewrap/cgroups.ts';
import { hierarchies } from '../../containers/bubblewrap/controllers.ts';
import { type Confinement, Launcher } from '../../containers/bubblewrap/launcher.ts';
import { formatProcess, thisProcess } from '../../engine/index.ts';
import { limit } from '../pace.ts';

const FREE: Confinement = { filter: undefined, limits: { memoryMiB: 1024, cpus: 2, pids: 256 }, network: 'host' };
let launcher: Launcher;
beforeEach(async () => {
  launcher = new Launcher(await Cgroups.find());
});
afterEach(() => launcher.close());

interface Said {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: string;
}

async function run(script: string, words: readonly string[] = []): Promise<Said> {
  const said = { stdout: '', stderr: '', status: '' };
  const into = (name: keyof Said) => (chunk: Buffer) => {
    said[name] += chunk.toString('latin1');
  };
  await launcher.run(['/bin/sh', '-c', script], words, FREE, {
    stdout: into('stdout'),
    stderr: into('stderr'),
    status: into('status'),
  });
  return said;
}

test('what a command writes arrives whole, by where it wrote it, and never mixed with what another one wrote', async () => {
  expect(await run('printf out; printf err >&2; printf status >&3')).toEqual({ stdout: 'out', stderr: 'err', status: 'status' });
  const all = await Promise.all(
    Array.from({ length: 8 }, (_, index) => run(`for i in 1 2 3; do printf '${index} '; sleep 0.0${index}; done`)),
  );
  expect(all.map(({ stdout }) => stdout)).toEqual(Array.from({ length: 8 }, (_, index) => `${index} `.repeat(3)));
  const line = '0123456789abcdef0123456789abcdef\n';
  const { stdout } = await run(`i=0; while [ $i -lt 20000 ]; do printf '${line.trim()}\\n'; i=$((i+1)); done`);
  expect(stdout).toBe(line.repeat(20_000));
});

test('a command is given words whatever they hold, which are in no arguments and no environment', async () => {
  const odd = [`it's "$HOME" \`x\` \\ \n two lines`, '', '-n', '%s', 'ü', 'x'.repeat(300_000)];
  expect(Buffer.from((await run('/bin/cat <&6', odd)).stdout, 'latin1').toString('utf8')).toBe(`${odd.join('\0')}\0`);
  const seen = await run('/bin/cat /proc/*/cmdline /proc/*/environ 2>/dev/null; /bin/cat <&6 >/dev/null', ['a-word-that-nobody-sees']);
  expect(seen.stdout).not.toContain('a-word-that-nobody-sees');
});

test.each(['/bin/sh', '/bin/bash'])('a command has an empty environment, whatever the shell %s exports by itself', async (shell) => {
  const own = new Launcher(await Cgroups.find(), { path: shell });
  let seen = '';
  const sinks = {
    stdout: (chunk: Buffer) => {
      seen += chunk.toString('utf8');
    },
    stderr: () => undefined,
    status: () => undefined,
  };
  await own.run(['/usr/bin/env'], [], FREE, sinks);
  await own.run(['/usr/bin/env'], ['--setenv', 'SHLVL', 'mine'], FREE, sinks);
  await own.close();
  expect(seen).toBe('');
});

test('a starting shell that died while it had nothing to do is in nobody’s way', async () => {
  await run('true');
  const own = readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && parentOf(pid) === process.pid && commandOf(pid) === '/bin/sh\0');
  for (const pid of own) process.kill(Number(pid), 'SIGKILL');
  await expect.poll(() => own.some((pid) => existsSync(`/proc/${pid}`)), { timeout: limit(5000) }).toBe(false);
  expect(own.length).toBeGreaterThan(0);
  expect((await run('echo alive')).stdout).toBe('alive\n');
});

test('a command gets an interrupt in the usual way, and is not made deaf to it', async () => {
  expect((await run('trap "echo caught" INT; kill -INT $$; echo on')).stdout).toBe('caught\non\n');
});

test('a group that something still runs in is in the way of no other one, and is removed with what runs there', async () => {
  const first = await (await Cgroups.find()).open();
  const child = spawn('/bin/sleep', ['60'], { stdio: 'ignore' });
  const exited = once(child, 'exit');
  try {
    first.add(child.pid as number);
    const second = await (await Cgroups.find()).open();
    expect(second.dirs.filter((dir) => first.dirs.includes(dir))).toEqual([]);
    await second.remove();
    await first.remove();
    await exited;
    await expect.poll(() => first.dirs.filter((dir) => existsSync(dir)), { timeout: limit(10_000) }).toEqual([]);
  } finally {
    child.kill('SIGKILL');
  }
});

test('a group of a process that was killed while it tried what it may make is removed, wherever that is', async () => {
  // Another process had our pid, and is gone.
  const name = `atmos-${formatProcess({ ...thisProcess(), started: '0' })}-trial`;
  const bases = new Set(
    hierarchies()
      .flat()
      .map(({ base }) => base),
  );
  const made = [...bases]
    .map((base) => join(base, name))
    .filter((dir) => {
      try {
        mkdirSync(dir);
        return true;
      } catch {
        return false;
      }
    });
  await Cgroups.find();
  expect(made.filter((dir) => existsSync(dir))).toEqual([]);
});

test('a group of a process in another pid namespace is removed once it is old and empty', async () => {
  const { dirs } = (await Cgroups.find()).name();
  const bases = dirs.map((dir) => dirname(dir));
  expect(bases).not.toEqual([]);
  const named = (pid: number): readonly string[] =>
    bases.map((base) => join(base, `atmos-${formatProcess({ machine: 'another-one', pid, started: '1' })}-11111111`));
  const [empty, busy] = [named(2), named(3)];
  for (const dir of [...empty, ...busy]) mkdirSync(dir);
  const child = spawn('/bin/sleep', ['60'], { stdio: 'ignore' });
  try {
    for (const dir of busy) writeFileSync(join(dir, 'cgroup.procs'), String(child.pid));
    for (const base of bases) sweep(base);
    expect(empty.filter((dir) => existsSync(dir))).toEqual(empty);
    // The kernel may hold a group for a moment.
    await expect
      .poll(
        () => {
          for (const base of bases) sweep(base, 0);
          return empty.filter((dir) => existsSync(dir));
        },
        { timeout: limit(10_000) },
      )
      .toEqual([]);
    expect(busy.filter((dir) => existsSync(dir))).toEqual(busy);
  } finally {
    child.kill('SIGKILL');
    await once(child, 'exit');
    await expect
      .poll(
        () => {
          for (const base of bases) sweep(base, 0);
          return busy.filter((dir) => existsSync(dir));
        },
        { timeout: limit(10_000) },
      )
      .toEqual([]);
  }
});

test.each([
  ['what dies with its parent dies at once', ['/usr/bin/setpriv', '--pdeathsig', 'KILL']],
  // As a sandbox that is being made when its maker is killed: nothing is left to tell it to go on, or to end.
  ['what would outlive its parent is ended', []],
  // As a sandbox whose command is another user than its maker: the kernel does not end it with that.
  ['what is in a session of its own is ended, also without control groups', ['/bin/sh', '-c', '/usr/bin/setsid "$@" & wait', 'sh'], true],
] as [string, string[], boolean?][])('when this process is killed, %s', async (_, wrapper, isBare = false) => {
  const dir = mkdtempSync(join(tmpdir(), 'atmos-launcher-'));
  try {
    const program = join(dir, 'program.ts');
    const command = [...wrapper, '/bin/sh', '-c', `echo $$ > ${dir}/pid; exec /bin/sleep 60`];
    writeFileSync(
      program,
      `import { Launcher } from ${JSON.stringify(join(import.meta.dirname, '../../containers/bubblewrap/launcher.ts'))};
       import { Cgroups, LimitGroup } from ${JSON.stringify(join(import.meta.dirname, '../../containers/bubblewrap/cgroups.ts'))};
       const none = () => undefined;
       const groups = ${isBare ? '{ open: async () => new LimitGroup([], "none") }' : 'await Cgroups.find()'};
       await new Launcher(groups).run(${JSON.stringify(command)}, [], ${JSON.stringify(FREE)}, { stdout: none, stderr: none, status: none });`,
    );
    const child = spawn(process.execPath, [program], { stdio: 'ignore' });
    await expect.poll(() => pidIn(join(dir, 'pid')), { timeout: limit(10_000) }).toBeGreaterThan(1);
    const pid = pidIn(join(dir, 'pid'));
    expect(isRunning(pid)).toBe(true);
    child.kill('SIGKILL');
    await expect.poll(() => isRunning(pid), { timeout: limit(5000) }).toBe(false);
    // Its control groups go too, without anybody who removes them.
    const groups = (): string => execFileSync('find', ['/sys/fs/cgroup', '-name', `atmos-*.${child.pid}.*`], { encoding: 'utf8' });
    await expect.poll(groups, { timeout: limit(5000) }).toBe('');
  } finally {
    rmSync(dir, { recursive: true });
  }
});

function pidIn(path: string): number {
  try {
    return Number(readFileSync(path, 'utf8'));
  } catch {
    return 0;
  }
}

function isRunning(pid: number): boolean {
  try {
    return !execFileSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).startsWith('Z');
  } catch {
    return false;
  }
}

function parentOf(pid: string): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return 0;
  }
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
