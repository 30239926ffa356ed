import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Digest } from '../../../engine/index.ts';
import { limit } from '../../pace.ts';
import { type Bench, openBench, RUNTIMES, runScript } from './bench.ts';

const OUT = { outputs: [{ name: 'out', path: '/out' }] };

describe.each(RUNTIMES)('%s', (name) => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench(name);
  });
  afterAll(() => bench.close());

  // What changes the world and what has a network are started in ways of their own.
  test.each([
    ['', {}],
    [' with a network', { network: 'bridge' as const }],
    [' that changes the world', { effect: 'shop/dev/network/apply' }],
    [' that changes the world, with a network', { effect: 'shop/dev/network/apply', network: 'bridge' as const }],
  ])('the environment of a node%s does nothing outside of it', async (_, exec) => {
    const traces = join(bench.dir, 'traces');
    mkdirSync(traces, { recursive: true });
    const script = join(bench.dir, 'script');
    writeFileSync(script, `echo ran > ${traces}/script\n`);
    const env = {
      // The dynamic linker of whatever sees this writes there.
      LD_DEBUG: 'libs',
      LD_DEBUG_OUTPUT: join(traces, 'linker'),
      LD_PRELOAD: '/nowhere/preloaded.so',
      BASH_ENV: script,
      ENV: script,
      IFS: 'a',
      PS4: `$(echo ran > ${traces}/ps4)`,
    };
    const ran = await runScript(bench, 'echo "$LD_PRELOAD $BASH_ENV"', { exec: { env, ...exec } });
    expect(ran).toMatchObject({ exitCode: 0, stdout: `/nowhere/preloaded.so ${script}\n` });
    expect(ran.stderr).not.toContain('preloaded.so');
    expect(readdirSync(traces)).toEqual([]);
    // Programs are found by it in the node, and by nobody else.
    const lost = await runScript(bench, 'echo found; true', {
      exec: { env: { PATH: '/nowhere' }, argv: ['/bin/sh', '-c', 'echo found'], ...exec },
    });
    expect(lost).toMatchObject({ exitCode: 0, stdout: 'found\n' });
  });

  test('what of /proc is the machine’s own can’t be written, and what may tell of it not be read', async () => {
    const paths =
      '/proc/sys/kernel/core_pattern /proc/sys/kernel/modprobe /proc/sys/vm/drop_caches /proc/sysrq-trigger /proc/irq/default_smp_affinity';
    const writing = await runScript(
      bench,
      `for f in ${paths}; do [ ! -e $f ] || { (: >> $f) 2>/dev/null && echo "$f is writable"; }; done; exit 0`,
    );
    expect(writing.stdout).toBe('');
    const reading =
      'for f in /proc/kcore /proc/keys /proc/timer_list; do head -c 1 $f 2>/dev/null; done; ls /proc/scsi /proc/acpi 2>/dev/null | grep -v :; exit 0';
    expect((await runScript(bench, reading)).stdout.trim()).toBe('');
  });

  test.each([
    ['', {}],
    [' that changes the world', { effect: 'shop/dev/network/apply' }],
  ])('a node with a network%s does not reach addresses of the link alone, or the runtime says that it does', async (_, exec) => {
    const ran = await runScript(bench, 'cat /proc/net/route; nc -w 2 169.254.169.254 80 < /dev/null; exit 0', {
      exec: { network: 'bridge', ...exec },
    });
    // 169.254.0.0/16, as a route that refuses.
    const isClosed = /^\S+\s+0000FEA9\s+00000000\s+02\d\d\s/m.test(ran.stdout);
    expect(isClosed).toBe(bench.runtime.abilities.has('no-link-local'));
    expect(bench.runtime.abilities.has('no-link-local')).toBe(name === 'bubblewrap');
  });

  test.each([
    ['', {}],
    [' with a network', { network: 'bridge' as const }],
    [' that changes the world', { effect: 'shop/dev/network/apply' }],
    [' with a network that changes the world', { network: 'bridge' as const, effect: 'shop/dev/network/apply' }],
  ])('a node%s is root in no respect, also outside, and writes where it may', async (_, exec) => {
    const mark = `${4_000_000 + Math.floor(Math.random() * 1_000_000)}`;
    let outside: readonly string[] = [];
    const ran = await runScript(bench, `id -u; echo x > /out/file; /bin/sleep ${mark} & sleep 0.3; echo ready; sleep 1; kill $!; exit 0`, {
      exec: { ...OUT, ...exec },
      onOutput: (text) => {
        if (text.includes('ready')) outside = usersOf(`/bin/sleep\0${mark}\0`);
      },
    });
    expect(ran.exitCode).toBe(0);
    expect(ran.stdout).not.toMatch(/^0$/m);
    expect(Object.keys(ran.outputs)).toEqual(['out']);
    expect(outside).toHaveLength(1);
    expect(outside).not.toContain('0 0 0 0');
    expect(bench.runtime.abilities).toContain('no-root');
  });

  test('a descriptor that somebody left open is not handed on', async () => {
    const secret = join(bench.dir, 'left-open');
    mkdirSync(secret, { recursive: true });
    writeFileSync(join(secret, 'file'), 'left open');
    const program = join(bench.dir, 'program.ts');
    const own = JSON.stringify(join(import.meta.dirname, 'bench.ts'));
    writeFileSync(
      program,
      `import { openBench, runScript } from ${own};
       const bench = await openBench(${JSON.stringify(name)});
       for (const exec of [{}, { network: 'bridge' }, { effect: 'shop/dev/network/apply' }]) {
         const ran = await runScript(bench, 'cat /proc/self/fd/*/file; ls /proc/self/fd | tr "\\\\n" " "', { exec });
         console.log(ran.stdout);
       }
       await bench.close();`,
    );
    // One so far out that Node does not look for it.
    const script = 'exec 200<"$1"; exec "$2" "$3"';
    const child = spawn('/bin/bash', ['-c', script, 'bash', secret, process.execPath, program], { stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    expect(await new Promise((resolve) => child.on('close', resolve))).toBe(0);
    expect(said).not.toContain('left open');
    expect(said.trim().split('\n')).toHaveLength(3);
    // The standard streams, and the one that lists.
    for (const line of said.trim().split('\n')) expect(line.trim().split(' ')).toHaveLength(4);
  });

  const outputOf = async (script: string): Promise<readonly string[]> => {
    const ran = await runScript(bench, script, { exec: OUT });
    const tree = await bench.store.tree(ran.outputs.out as Digest);
    return tree.entries.map(({ path, mode, size }) => `${path} ${mode} ${size}`);
  };

  test('outputs are taken in the same way by every runtime: hard links, holes, odd names, closed directories', async () => {
    expect(await outputOf('cd /out; echo hi > a; ln a b; mkdir d; ln a d/c; chmod 600 b')).toEqual(['a 644 3', 'b 644 3', 'd/c 644 3']);
    expect(await outputOf('cd /out; dd if=/dev/zero of=hole bs=1 count=1 seek=256M 2>/dev/null')).toEqual([
      `hole 644 ${256 * 1024 ** 2 + 1}`,
    ]);
    expect(await outputOf('cd /out; echo 1 > "sp ace"; echo 2 > "é"; echo 3 > "$(printf "new\\nline")"')).toEqual([
      'new\nline 644 2',
      'sp ace 644 2',
      'é 644 2',
    ]);
    expect(await outputOf('cd /out; mkdir closed none; echo 1 > closed/a; chmod 555 closed; chmod 000 none')).toEqual(['closed/a 644 2']);
    expect(await outputOf('cd /out; echo 1 > secret; chmod 000 secret')).toEqual(['secret 644 2']);
  });

  test.each([
    ['a pipe', 'mkfifo /out/pipe', 'special-file'],
    ['a name that is not UTF-8', 'touch "/out/$(printf "a\\377b")"', 'file-name'],
  ])('%s in an output is refused by name, and nothing is left of it', async (_, script, code) => {
    await expect(runScript(bench, script, { exec: OUT })).rejects.toMatchObject({ code });
    expect(await outputOf('echo 1 > /out/a')).toEqual(['a 644 2']);
  });
});

/** The users that processes with these arguments run as, as this machine sees them. */
function usersOf(commandLine: string): readonly string[] {
  return readdirSync('/proc').flatMap((pid) => {
    try {
      if (!/^\d+$/.test(pid) || readFileSync(`/proc/${pid}/cmdline`, 'utf8') !== commandLine) return [];
      const [, users = ''] = /^Uid:\s+(.*)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
      return [users.replaceAll('\t', ' ')];
    } catch {
      return [];
    }
  });
}

test.each(['none', 'bridge'] as const)(
  'a sandbox ends with the shell that started it, also where somebody kills that (network: %s)',
  async (network) => {
    const bench = await openBench('bubblewrap');
    try {
      const mark = `${5_000_000 + Math.floor(Math.random() * 1_000_000)}`;
      const isThere = (): boolean => usersOf(`/bin/sleep\0${mark}\0`).length > 0;
      let killed = 0;
      const running = runScript(bench, `/bin/sleep ${mark} & sleep 0.3; echo ready; wait`, {
        exec: { network },
        onOutput: (text) => {
          if (!text.includes('ready')) return;
          expect(isThere()).toBe(true);
          for (const shell of shellsOf(process.pid)) {
            process.kill(shell, 'SIGKILL');
            killed += 1;
          }
        },
      });
      await expect(running).rejects.toThrow('the shell that started it was ended');
      expect(killed).toBeGreaterThan(0);
      await expect.poll(isThere, { timeout: limit(5000) }).toBe(false);
    } finally {
      await bench.close();
    }
  },
);

/** The shells that a process has started and that wait for commands. */
function shellsOf(pid: number): readonly number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
  return children.filter((child) => readFileSync(`/proc/${child}/cmdline`, 'utf8') === '/bin/sh\0');
}
