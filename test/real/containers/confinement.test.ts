import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeTree } from '../../../engine/index.ts';
import { type Bench, openBench, RUNTIMES, runScript } from './bench.ts';
import { syscallProgram } from './syscall.ts';

describe.each(RUNTIMES)('%s', (name) => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench(name);
  });
  afterAll(() => bench.close());

  // linux/errno.h; and the numbers of x86-64 and arm64
  const EPERM = 1;
  const CALLS = {
    keyctl: [250, 219],
    add_key: [248, 217],
    mount: [165, 40],
    unshare: [272, 97],
    bpf: [321, 280],
    perf_event_open: [298, 241],
    init_module: [175, 105],
    chroot: [161, 51],
    pidfd_getfd: [438, 438],
    // Docker’s own profile refuses it in newer versions alone.
    ...(name.startsWith('docker') ? {} : { 'socket of the virtual machine’s host': [41, 198, 40] }),
    // Docker allows it since Linux 4.8, among a container's own processes.
    ...(name === 'bubblewrap' ? { ptrace: [101, 117], io_uring_setup: [425, 425] } : {}),
  } as const;
  test.each(Object.entries(CALLS))('the system call %s is refused', async (_, [x64, arm64, argument = 0]: readonly number[]) => {
    const content = syscallProgram((process.arch === 'arm64' ? arm64 : x64) as number, argument);
    const digest = await bench.store.put(content);
    const tree = await bench.store.putTree(makeTree([{ path: 'call', mode: '755', digest, size: content.length }]));
    expect((await runScript(bench, '/in/call', { inputs: [{ path: '/in', tree }] })).exitCode).toBe(EPERM);
  });

  test('what needs the kernel to be another one is refused, by whatever program', async () => {
    const ran = await runScript(bench, 'unshare -U true; mount -t tmpfs none /tmp; mknod /tmp/disk b 254 0; chroot / true; exit 0');
    expect(ran.stdout).toBe('');
    expect(ran.stderr.match(/not permitted|permission denied/gi)).toHaveLength(4);
    expect((await runScript(bench, 'cat /dev/mem /dev/kmsg /dev/vda; exit 0')).stdout).toBe('');
  });

  test('processes of the machine and of other nodes are not within reach', async () => {
    const other = runScript(bench, 'exec sleep 3');
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const ran = await runScript(bench, 'ps -o comm; kill -9 -1; exit 0');
    expect(ran.stdout).not.toContain('sleep');
    expect((await other).exitCode).toBe(0);
  });

  // Who may make control groups can limit; here that is root.
  const limits = { memoryMiB: 64, cpus: 0.25, pids: 32 };
  test('a command that needs more memory than it may have is killed, and it is told', async () => {
    const ran = await runScript(bench, 'exec dd if=/dev/zero of=/dev/null bs=400M count=1', { exec: { limits } });
    expect(ran.exitCode).toBe(137);
    if (name === 'bubblewrap') expect(ran.hit).toBe('memory');
  });

  test('a command that starts more processes than it may is refused them, and it is told', async () => {
    const ran = await runScript(bench, 'i=0; while [ $i -lt 100 ]; do sleep 9 & i=$((i+1)); done; echo survived', { exec: { limits } });
    expect(ran.stdout).not.toContain('survived');
    expect(ran.stderr).toContain("can't fork");
    if (name === 'bubblewrap') expect(ran.hit).toBe('pids');
  });

  test('a command gets no more of the processors than it may have, and the next one what that may have', async () => {
    const busy = 'timeout 2 sh -c "while :; do :; done"; times';
    const seconds = ({ stdout }: { stdout: string }): number => Number(/m([\d.]+)s/.exec(stdout.split('\n').at(1) ?? '')?.[1]);
    const limited = seconds(await runScript(bench, busy, { exec: { limits } }));
    expect(limited).toBeLessThan(1);
    // Whatever else this machine does just now.
    expect(seconds(await runScript(bench, busy))).toBeGreaterThan(limited * 1.2);
  });

  test('a file system that a command fills up is its own, and it is told', async () => {
    const ran = await runScript(bench, 'dd if=/dev/zero of=/tmp/big bs=1048576 count=400', {
      exec: { limits: { memoryMiB: 128, cpus: 1, pids: 64 } },
    });
    expect(ran.exitCode).not.toBe(0);
    expect(`${ran.stderr}${ran.exitCode}`).toMatch(/No space left on device|137/);
  });

  test('a command that takes too long is interrupted and ended, and it is told', async () => {
    const began = Date.now();
    await expect(runScript(bench, "trap 'exit 3' INT; while :; do sleep 0.1; done", { exec: { timeoutMs: 1500 } })).rejects.toMatchObject({
      kind: 'failed',
      code: 'timeout',
      message: 'timed out after 1.5 s',
    });
    expect(Date.now() - began).toBeLessThan(9000);
    expect((await runScript(bench, 'echo in time', { exec: { timeoutMs: 60_000 } })).stdout).toBe('in time\n');
  });
});

test('a command that takes too long and ignores that it is interrupted is ended by force a while later', async () => {
  const bench = await openBench('bubblewrap');
  await expect(runScript(bench, 'true', { exec: { timeoutMs: 1 } })).rejects.toMatchObject({ code: 'timeout' });
  await runScript(bench, 'true');
  const began = Date.now();
  await expect(runScript(bench, "trap '' INT; sleep 60", { exec: { timeoutMs: 1500 } })).rejects.toMatchObject({ code: 'timeout' });
  expect(Date.now() - began).toBeGreaterThan(10_000);
  await bench.close();
});
