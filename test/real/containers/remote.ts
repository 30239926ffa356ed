import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { freePort } from '../e2e/ports.ts';

/** A Docker engine that sees none of our files, as on another machine: by TCP, and by an SSH server whose users' `docker` asks it. */
export interface Remote {
  readonly tcp: string;
  readonly ssh: string;
  /** A PATH whose `ssh` has a key for that server, and knows it. */
  readonly path: string;
  /** One whose `ssh` has the key and does not know it. */
  readonly strangerPath: string;
  stop(): Promise<void>;
}

/** Where its engine keeps its own, out of sight of all others; its network is its own, too: an engine takes away what bridge another one made. */
const ENGINE = `
mount --make-rprivate / && mount -t tmpfs none /mnt && mkdir /mnt/tmp && mount --bind /mnt/tmp "$1" || exit 1
exec dockerd --data-root /mnt/data --exec-root /mnt/exec --pidfile /mnt/pid --host "unix://$2" --bridge none --iptables=false`;

export async function startRemote(): Promise<Remote> {
  const dir = mkdtempSync(join(tmpdir(), 'atmos-remote-'));
  // Where both see it.
  const shared = mkdtempSync('/run/atmos-remote-');
  const socket = join(shared, 'engine');
  const forwarder = createServer((client) => {
    const engine = connect(socket);
    for (const [from, to] of [
      [client, engine],
      [engine, client],
    ] as const) {
      from.on('error', () => to.destroy());
      from.pipe(to);
    }
  });
  const tcpPort = await freePort();
  await new Promise<void>((resolve) => forwarder.listen(tcpPort, '127.0.0.1', resolve));
  const port = await freePort();
  const started: ChildProcess[] = [spawn('unshare', ['--mount', '--net', 'sh', '-c', ENGINE, 'sh', tmpdir(), socket], { stdio: 'ignore' })];
  for (const name of ['host', 'user']) execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(dir, name)]);
  const server = [
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${dir}/host`,
    `AuthorizedKeysFile ${dir}/user.pub`,
    'StrictModes no',
    'UsePAM no',
    `SetEnv DOCKER_HOST=unix://${socket}`,
  ];
  writeFileSync(join(dir, 'server'), `${server.join('\n')}\n`);
  mkdirSync('/run/sshd', { recursive: true });
  started.push(spawn('/usr/sbin/sshd', ['-D', '-f', join(dir, 'server')], { stdio: 'ignore' }));
  const client = (name: string, known: string): string => {
    const config = [`IdentityFile ${dir}/user`, 'IdentitiesOnly yes', `UserKnownHostsFile ${known}`, 'StrictHostKeyChecking yes'];
    const bin = join(dir, name);
    mkdirSync(bin);
    writeFileSync(join(bin, 'config'), `${config.join('\n')}\n`);
    writeFileSync(join(bin, 'ssh'), `#!/bin/sh\nexec /usr/bin/ssh -F ${bin}/config "$@"\n`);
    chmodSync(join(bin, 'ssh'), 0o755);
    return `${bin}:${process.env.PATH}`;
  };
  const key = execFileSync('cat', [join(dir, 'host.pub')], { encoding: 'utf8' });
  writeFileSync(join(dir, 'known'), `[127.0.0.1]:${port} ${key}`);
  const remote = {
    tcp: `tcp://127.0.0.1:${tcpPort}`,
    ssh: `ssh://root@127.0.0.1:${port}`,
    path: client('friend', join(dir, 'known')),
    strangerPath: client('stranger', '/dev/null'),
    async stop(): Promise<void> {
      forwarder.close();
      for (const child of started) child.kill();
      await Promise.all(
        started.map((child) => child.exitCode ?? child.signalCode ?? new Promise((resolve) => child.once('exit', resolve))),
      );
      for (const made of [dir, shared]) rmSync(made, { recursive: true, force: true });
    },
  };
  for (let tries = 0; tries < 100; tries += 1) {
    try {
      execFileSync('docker', ['--host', remote.ssh, 'version'], { env: { ...process.env, PATH: remote.path }, stdio: 'ignore' });
      return remote;
    } catch {
      await setTimeout(200);
    }
  }
  await remote.stop();
  throw new Error('the engine did not start');
}
