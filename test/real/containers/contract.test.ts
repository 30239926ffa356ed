import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Digest, type Exec, formatProcess, makeTree, thisProcess } from '../../../engine/index.ts';
import { type Bench, openBench, RUNTIMES, runScript } from './bench.ts';
import { commandLines } from './processes.ts';

async function treeOf({ store }: Bench, files: Readonly<Record<string, string>>): Promise<Digest> {
  const entries = await Promise.all(
    Object.entries(files).map(async ([path, content]) => ({
      path,
      mode: '644' as const,
      digest: await store.put(content),
      size: Buffer.byteLength(content),
    })),
  );
  return store.putTree(makeTree(entries));
}

/** An engine that cannot mount a directory of this machine says so, and what to do. */
async function expectNoState(bench: Bench): Promise<void> {
  const exec = { state: [{ path: '/state', dir: 'shop/dev/network' }] };
  await expect(runScript(bench, 'true', { exec })).rejects.toMatchObject({ code: 'state-needs-mount', kind: 'environment' });
}

const OUT = { outputs: [{ name: 'out', path: '/out' }] };

/** Asks a server of this machine by its loopback and by its address. */
async function reach(bench: Bench, exec: Partial<Exec>, more: { readonly isNamed?: boolean; readonly settings?: boolean } = {}) {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.end(socket.localAddress?.endsWith('127.0.0.1') === true ? 'loopback\n' : 'from outside\n');
  }).listen(0);
  const { port } = server.address() as AddressInfo;
  const address = Object.values(networkInterfaces())
    .flat()
    .find((one) => one?.internal === false && one.family === 'IPv4')?.address;
  const named = `http://${address}:${port}/`;
  const tree = await treeOf(bench, { 'root/backend.tf.json': named, 'root/modules/a/main.tf': '', 'modules/a/main.tf': named });
  const ran = await runScript(bench, ['127.0.0.1', String(address)].map((host) => `nc -w 3 ${host} ${port}`).join('; '), {
    inputs: [{ path: '/module', tree }],
    exec: {
      ...exec,
      ...(more.isNamed === true ? { env: { ...exec.env, ADDRESS: named } } : {}),
      settings: more.settings === true ? '/module/root' : '/module',
    },
  });
  server.close();
  return ran;
}

describe.each(RUNTIMES)('%s', (name) => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench(name);
  });
  afterAll(() => bench.close());

  test('says what it is and what platform its containers have', () => {
    expect(bench.runtime.name).toMatch(new RegExp(`^${name.split(',')[0]} \\d+\\.\\d+`));
    expect(bench.runtime.platform).toBe(`linux/${process.arch === 'x64' ? 'amd64' : process.arch}`);
  });

  test('an input is there, and can be neither written, removed nor added to', async () => {
    const tree = await treeOf(bench, { 'dir/file': 'content' });
    const ran = await runScript(bench, 'cat /in/dir/file; echo x > /in/dir/file; rm /in/dir/file; touch /in/new; exit 0', {
      inputs: [{ path: '/in', tree }],
    });
    expect(ran.stdout).toBe('content');
    expect(ran.stderr.match(/Read-only file system/g)).toHaveLength(3);
    const again = await runScript(bench, 'cat /in/dir/file; ls /in', { inputs: [{ path: '/in', tree }] });
    expect(again.stdout).toBe('contentdir\n');
  });

  test('nothing of the machine is within reach that was not declared', async () => {
    const secret = join(bench.dir, 'undeclared');
    writeFileSync(secret, 'undeclared content');
    const files = `${secret} /etc/shadow /root/.bashrc /var/run/docker.sock`;
    const ran = await runScript(bench, `cat ${files}; ls /home /var/lib /sys/class/net/eth0 /proc/1/root/home; exit 0`);
    expect(ran.stdout).toBe('');
    expect(ran.stderr.match(/No such file or directory/g)).toHaveLength(8);
  });

  test('the root file system is read-only and /tmp is writable', async () => {
    const ran = await runScript(bench, 'touch /x; touch /etc/x; touch /usr/bin/x; echo written > /tmp/x && cat /tmp/x');
    expect(ran.stderr.match(/Read-only file system/g)).toHaveLength(3);
    expect(ran).toMatchObject({ exitCode: 0, stdout: 'written\n' });
  });

  test('neither the machine nor the world is within reach over the network', async () => {
    const ran = await reach(bench, {});
    expect(ran.stdout).toBe('');
    expect(ran.exitCode).not.toBe(0);
  });

  test('a node without a network has a loopback, and nothing else', async () => {
    for (const exec of [{}, { effect: 'shop/dev/network/apply' }]) {
      const ran = await runScript(bench, 'cat /proc/net/dev; nc -w 2 127.0.0.1 7777 < /dev/null; exit 0', { exec });
      const devices = [...ran.stdout.matchAll(/^ *(\S+):/gm)].map(([, device]) => device);
      // Nobody listens there; where it is down, there is no way.
      expect([devices.filter((device) => !/^(tunl|sit|ip6tnl|gre|erspan|ip_vti|ip6)/.test(String(device))), ran.stderr]).toEqual([
        ['lo'],
        expect.stringContaining('refused'),
      ]);
    }
  });

  // What changes the world, and what has a variable that no shell can export, are started in ways of their own.
  test.each([
    ['', {}],
    [' that changes the world', { effect: 'shop/dev/network/apply' }],
    [' with an odd variable', { env: { 'odd.name': 'x' } }],
  ])('a node with a network%s reaches others, and not what listens on this machine alone', async (_, exec) => {
    expect(bench.runtime.abilities).toContain('own-network');
    const bridge = { network: 'bridge' as const, ...exec };
    const all = [await reach(bench, bridge, { isNamed: true }), await reach(bench, bridge, { settings: true }), await reach(bench, bridge)];
    const isClosed = bench.runtime.abilities.has('no-own-address');
    expect(isClosed).toBe(name === 'bubblewrap');
    // What this machine offers to its network is reached where variables or settings name it, or the runtime says that it always is.
    expect(all.map(({ stdout }) => stdout)).toEqual(['from outside\n', 'from outside\n', isClosed ? '' : 'from outside\n']);
  });

  test('the environment is what was declared, the image’s own, and nothing of ours', async () => {
    process.env.ATMOS_CONTRACT_LEAK = 'leaked';
    const ran = await runScript(bench, 'env | cut -d= -f1 | sort', { exec: { env: { DECLARED: '1' } }, secrets: { TOKEN: 'value' } });
    delete process.env.ATMOS_CONTRACT_LEAK;
    const names = ran.stdout
      .trim()
      .split('\n')
      // The shell's own, and what an engine tells every container of itself.
      .filter((one) => !['SHLVL', 'PWD', 'HOSTNAME', ...(name === 'podman' ? ['TERM', 'container'] : [])].includes(one));
    expect(names).toEqual(['DECLARED', 'HOME', 'PATH', 'SSL_CERT_FILE', 'TOKEN']);
  });

  test('a secret is in no process’s arguments', async () => {
    let hasEnded = false;
    const running = runScript(bench, 'sleep 2', { secrets: { TOKEN: 'planted-secret-value' } }).finally(() => {
      hasEnded = true;
    });
    const lines = new Set<string>();
    while (!hasEnded) {
      for (const line of commandLines()) lines.add(line);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    await running;
    expect([...lines].some((line) => line.includes('sleep 2'))).toBe(true);
    expect([...lines].filter((line) => line.includes('planted-secret-value'))).toEqual([]);
  });

  test('only declared outputs leave, with their modes and links, and nothing of an earlier node is in them', async () => {
    const text = 'echo a > /out/a; mkdir /out/d; echo b > /out/d/b; chmod 755 /out/d/b; ln -s a /out/l; echo lost > /tmp/lost';
    const ran = await runScript(bench, text, { exec: OUT });
    const tree = await bench.store.tree(ran.outputs.out as Digest);
    expect(tree.entries.map(({ path, mode }) => `${path} ${mode}`)).toEqual(['a 644', 'd/b 755', 'l link']);
    const second = await runScript(bench, 'ls -A /out /tmp', { exec: OUT });
    expect(second.stdout).not.toMatch(/a|lost/);
  });

  test('an exit code is a result, and outputs are kept only with one that counts as success', async () => {
    const failed = await runScript(bench, 'echo a > /out/a; exit 7', { exec: OUT });
    expect(failed).toMatchObject({ exitCode: 7, outputs: {} });
    const allowed = await runScript(bench, 'echo a > /out/a; exit 7', { exec: { ...OUT, succeeds: [0, 7] } });
    expect(Object.keys(allowed.outputs)).toEqual(['out']);
    const reported = await runScript(bench, 'echo a > /out/a; exit 7', { exec: { ...OUT, collect: 'always' } });
    expect([reported.exitCode, Object.keys(reported.outputs)]).toEqual([7, ['out']]);
  });

  test('output arrives while the command runs', async () => {
    const times: number[] = [];
    await runScript(bench, 'echo one; sleep 1; echo two', { onOutput: () => times.push(Date.now()) });
    expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeGreaterThan(700);
  });

  test('an interrupt reaches the command, which may end in its own way', async () => {
    const interrupt = new AbortController();
    const text = "trap 'echo interrupted > /out/a; exit 3' INT; echo ready; while :; do sleep 0.1; done";
    const ran = await runScript(bench, text, {
      exec: { ...OUT, succeeds: [0, 3] },
      interrupt: interrupt.signal,
      onOutput: () => interrupt.abort(),
    });
    expect(ran.exitCode).toBe(3);
    expect(Object.keys(ran.outputs)).toEqual(['out']);
  });

  test('a command that ignores interrupts is ended by force', async () => {
    const force = new AbortController();
    const ran = await runScript(bench, "trap '' INT; echo ready; while :; do sleep 0.1; done", {
      force: force.signal,
      onOutput: () => force.abort(),
    });
    expect(ran.exitCode).toBe(137);
  });

  const seesOurFiles = name !== 'docker, no shared files';

  test('a state directory is written to the disk at once, and by either runtime after the other', async () => {
    if (!seesOurFiles) return expectNoState(bench);
    const state = [{ path: '/state', dir: 'shop/dev/network' }];
    const file = join(bench.stateRoot, 'shop/dev/network/written');
    for (const content of ['one', 'two']) {
      await runScript(bench, `echo ${content} > /state/written`, { exec: { state } });
      expect(readFileSync(file, 'utf8')).toBe(`${content}\n`);
    }
    const other = await openBench(name === 'bubblewrap' ? 'docker' : 'bubblewrap');
    const ran = await runScript({ ...other, stateRoot: bench.stateRoot }, 'echo other > /state/written', { exec: { state } });
    await other.close();
    expect(ran.exitCode).toBe(0);
    expect(readFileSync(file, 'utf8')).toBe('other\n');
  });

  test('a state directory that leaves the state root is refused', async () => {
    const exec = { state: [{ path: '/state', dir: '../../outside' }] };
    await expect(runScript(bench, 'true', { exec })).rejects.toMatchObject({ code: seesOurFiles ? 'path-escape' : 'state-needs-mount' });
    expect(existsSync(join(bench.dir, '../outside'))).toBe(false);
  });

  test('a command runs without capabilities and as nobody in particular, or as who runs the engine', async () => {
    const ran = await runScript(bench, 'grep -E "^(CapEff|CapBnd|NoNewPrivs)" /proc/self/status; id -u');
    const us = process.getuid?.() ?? 0;
    expect(ran.stdout).toMatch(/CapEff:\t0{16}/);
    expect(ran.stdout).toMatch(/NoNewPrivs:\t1/);
    // Who runs a rootless Docker is called root in its containers, and has its capabilities no more than any other.
    const isNobody = us === 0 || name === 'bubblewrap' || name === 'docker, no shared files';
    const names = isNobody ? [65_534] : name === 'docker' ? [us, 0] : [us];
    expect(names).toContain(Number(ran.stdout.trim().split('\n').at(-1)));
  });

  test('an image that is not on this machine is an error that says so', async () => {
    const image = `sha256:${'0'.repeat(64)}` as Digest;
    await expect(runScript(bench, 'true', { exec: { image } })).rejects.toMatchObject({ code: 'no-image', kind: 'environment' });
  });

  test('Terraform runs in it', async () => {
    expect((await runScript(bench, 'terraform version')).stdout).toMatch(/^Terraform v1\./);
  });

  test('nothing is left behind', async () => {
    mkdirSync(join(bench.dir, 'probe'), { recursive: true });
    await runScript(bench, 'echo a > /out/a', { exec: OUT });
    // A directory a process, and in it one a store.
    const below = (dir: string): readonly string[] => readdirSync(dir).map((name) => join(dir, name));
    const own = below(join(bench.dir, 'cache/tmp'))
      .flatMap(below)
      .map((dir) => readdirSync(dir));
    expect(own.flat()).toEqual([]);
    expect(statSync(bench.dir).isDirectory()).toBe(true);
    if (name !== 'bubblewrap') {
      // What other test files left is theirs to answer for.
      const ours = `label=dev.atmos.deployment.owner=${formatProcess(thisProcess())}`;
      const format = '{{.ID}} {{.Status}} {{.Labels}}';
      const left = execFileSync(name.split(',')[0] as string, ['ps', '-a', '--filter', ours, '--format', format], { encoding: 'utf8' });
      expect(left).toBe('');
    }
  });
});

test('an image has the same digest in every store', async () => {
  const [a, b] = [await openBench('bubblewrap'), await openBench('bubblewrap')];
  expect(a.image.digest).toBe(b.image.digest);
  await Promise.all([a.close(), b.close()]);
});
