import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, onTestFinished, test } from 'vitest';
import { makeTree } from '../../../engine/index.ts';
import { limit } from '../../pace.ts';
import { openBench, runScript, type Tried } from './bench.ts';
import { commandLines } from './processes.ts';
import { type Remote, startRemote } from './remote.ts';

let remote: Remote;
const { DOCKER_HOST, DOCKER_CONFIG, DOCKER_CONTEXT, CONTAINER_HOST, PATH } = process.env;
beforeAll(async () => {
  remote = await startRemote();
});
afterAll(() => remote.stop());
afterEach(() => {
  for (const [name, value] of Object.entries({ DOCKER_HOST, DOCKER_CONFIG, DOCKER_CONTEXT, CONTAINER_HOST, PATH })) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
});

/** Runs a node on a runtime, and returns what it made. */
async function made(name: Tried): Promise<string | undefined> {
  const bench = await openBench(name);
  try {
    const digest = await bench.store.put('content');
    const tree = await bench.store.putTree(makeTree([{ path: 'file', mode: '644', digest, size: 7 }]));
    const text = 'cat /in/file > /out/copy && ln -s copy /out/link && cp /in/file /out/run && chmod 755 /out/run';
    const exec = { outputs: [{ name: 'out', path: '/out' }] };
    return (await runScript(bench, text, { inputs: [{ path: '/in', tree }], exec })).outputs.out;
  } finally {
    await bench.close();
  }
}

test('an engine on another machine makes the same of a node as this machine does, by TCP and by SSH', async () => {
  const here = await made('bubblewrap');
  expect(here).toMatch(/^sha256:/);
  process.env.DOCKER_HOST = remote.tcp;
  expect(await made('docker')).toBe(here);
  const bench = await openBench('docker');
  const exec = { state: [{ path: '/state', dir: 'shop/dev/network' }] };
  await expect(runScript(bench, 'true', { exec })).rejects.toMatchObject({ code: 'state-needs-mount' });
  await bench.close();
  process.env.DOCKER_HOST = remote.ssh;
  process.env.PATH = remote.path;
  expect(await made('docker')).toBe(here);
});

test('Podman is reached by SSH at the socket that is named, whatever Docker’s variables say', async () => {
  process.env.DOCKER_HOST = remote.tcp;
  process.env.CONTAINER_HOST = `${remote.ssh}/run/podman/podman.sock`;
  process.env.PATH = remote.path;
  expect(await made('podman')).toBe(await made('bubblewrap'));
  process.env.CONTAINER_HOST = `${remote.ssh}/nowhere/podman.sock`;
  await expect(openBench('podman')).rejects.toMatchObject({
    code: 'no-engine',
    message: expect.stringMatching(/^no Podman answers at ssh:.*: .*nowhere/),
  });
});

test('the engine of Docker’s current context is the one that is meant, and a context that is not there is told', async () => {
  const config = mkdtempSync(join(tmpdir(), 'atmos-docker-config-'));
  onTestFinished(() => rmSync(config, { recursive: true }));
  const docker = (...args: readonly string[]) => execFileSync('docker', ['--config', config, ...args], { stdio: 'ignore' });
  docker('context', 'create', 'elsewhere', '--docker', `host=${remote.tcp}`);
  docker('context', 'use', 'elsewhere');
  process.env.DOCKER_CONFIG = config;
  const bench = await openBench('docker');
  const exec = { state: [{ path: '/state', dir: 'shop/dev/network' }] };
  await expect(runScript(bench, 'true', { exec })).rejects.toMatchObject({ code: 'state-needs-mount' });
  await bench.close();
  process.env.DOCKER_CONTEXT = 'nowhere';
  await expect(openBench('docker')).rejects.toMatchObject({ code: 'no-engine', message: expect.stringContaining('"nowhere"') });
});

test('an interrupt reaches a command on another machine', async () => {
  process.env.DOCKER_HOST = remote.ssh;
  process.env.PATH = remote.path;
  const bench = await openBench('docker');
  const interrupt = new AbortController();
  const text = "trap 'exit 3' INT; echo ready; while :; do sleep 0.1; done";
  const ran = await runScript(bench, text, { interrupt: interrupt.signal, onOutput: () => interrupt.abort() });
  expect(ran.exitCode).toBe(3);
  await bench.close();
});

test('a machine that SSH does not know is not connected to, and it is told how it would be', async () => {
  process.env.DOCKER_HOST = remote.ssh;
  process.env.PATH = remote.strangerPath;
  await expect(openBench('docker')).rejects.toMatchObject({
    code: 'no-engine',
    kind: 'environment',
    message: `cannot connect to ${remote.ssh} over SSH: Host key verification failed.`,
    hint: expect.stringContaining('try: ssh -T -l root -p '),
  });
});

test('nothing is left of the ways to another machine, not of a killed process’s either', async () => {
  process.env.PATH = remote.path;
  const source = `import { Tunnel } from '${import.meta.dirname}/../../../containers/docker-api/ssh.ts';
    await Tunnel.open('docker', '${remote.ssh}'); console.log('open'); setInterval(() => {}, 1000);`;
  const killed = spawn(process.execPath, ['--input-type=module', '--eval', source], { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((resolve) => killed.stdout.once('data', resolve));
  killed.kill('SIGKILL');
  await new Promise((resolve) => killed.once('close', resolve));
  process.env.DOCKER_HOST = remote.ssh;
  await (await openBench('docker')).close();
  await expect
    .poll(() => commandLines().filter((line) => line.includes(join(tmpdir(), 'atmos-ssh-'))), { timeout: limit(5000) })
    .toEqual([]);
  expect(readdirSync(tmpdir()).filter((name) => name.startsWith('atmos-ssh-'))).toEqual([]);
});
