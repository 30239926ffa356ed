import { execFileSync, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { COMMAND } from '../command.ts';
import { type Redis, startRedis } from './redis.ts';
import { type RealRegistry, startRegistry } from './registry.ts';
import { BIN, newApp, type Shop } from './shop.ts';

/** What is planted, by where it comes from. */
const PLANTED = {
  SHORT: 'q7#Zx2!k',
  LONG: `${'long-secret/'.repeat(40)}end+&`,
  LINES: '-----BEGIN-----\nMIIabc+def/ghi\n  jkl==\n-----END-----\n',
};
/** Made by commands, and by Terraform: in no variable of ours. */
const MADE = 'pr1nted-by-a-command';
const SENSITIVE = 's3nsitive-output-of-terraform';
/** What a store holds, and what lets one in. */
const STORED = 'kept-1n-a-store';
const PASSWORD = 'redis-pl4nted-passw0rd';

/** Each as tools write it: parts that nothing else holds. */
const FORMS = [...Object.values(PLANTED), MADE, SENSITIVE, STORED, PASSWORD]
  .flatMap((text) => [text, ...text.split('\n').filter((line) => line.trim().length > 8)])
  .flatMap((text) => [
    text,
    JSON.stringify(text).slice(1, -1),
    encodeURIComponent(text),
    Buffer.from(text).toString('hex'),
    ...[0, 1, 2].map((offset) =>
      Buffer.from(`${'x'.repeat(offset)}${text}`)
        .toString('base64')
        .slice(4, -4),
    ),
  ])
  .filter((form) => form.length >= 8);

const A = `variable "short" { type = string }
variable "lines" { type = string }
variable "templated" { type = string }
variable "stored" { type = string }
resource "terraform_data" "a" {
  input = "${SENSITIVE}"
  provisioner "local-exec" {
    command = "echo \\"$LONG [$MADE] $S $L $T $K\\"; echo \\"$LONG$S\\" | base64; printf %s \\"$L\\" | od -An -tx1; sleep 3"
    environment = { S = var.short, L = var.lines, T = var.templated, K = var.stored }
  }
}
output "secret" {
  value     = { made = terraform_data.a.output }
  sensitive = true
}
`;
const B = `variable "of_a" { type = string }
resource "terraform_data" "b" {
  provisioner "local-exec" {
    command = "echo $V | base64; echo $V; sleep 2"
    environment = { V = var.of_a }
  }
}
`;

const FILES = {
  'components/terraform/a/main.tf': A,
  'components/terraform/b/main.tf': B,
  'scripts/make': `#!/bin/sh\necho ${MADE.slice(0, 5)}"${MADE.slice(5)}"\n`,
  'deployments/app.yaml': `deployment:
  name: app
  components:
    terraform:
      a:
        vars: { short: !env SHORT, lines: !env LINES, templated: '{{ env "SHORT" }}', stored: !store.get shared token }
        env: { MADE: !exec "printf 'pr1nted-%s' by-a-command" }
      b:
        vars: { of_a: !terraform.output a .secret.made }
  phases: { verify: [ { name: shout, image: ${COMMAND}, run: "echo verifying $OF_A; sleep 1", env: { OF_A: !terraform.output a .secret.made } } ] }
  targets: { dev: { secrets: { SHORT: { env: SHORT }, LONG: { env: LONG }, LINES: { env: LINES } } } }
`,
};

let redis: Redis;
let registry: RealRegistry;
beforeAll(async () => {
  redis = await startRedis(PASSWORD);
  redis.ask('set', 'acme:token', JSON.stringify(STORED));
  registry = await startRegistry();
});
afterAll(() => {
  redis.stop();
  registry.stop();
});

/** As it is, and what it is when it is not packed. */
function unpacked(file: string): string {
  const bytes = readFileSync(file);
  if (bytes.subarray(0, 2).equals(Buffer.from([0x1f, 0x8b]))) return gunzipSync(bytes).toString('latin1');
  if (bytes.subarray(0, 4).equals(Buffer.from([0x28, 0xb5, 0x2f, 0xfd]))) return zstdDecompressSync(bytes).toString('latin1');
  return bytes.toString('latin1');
}

const engineOf = (runtime: string): string | undefined => (runtime === 'bubblewrap' ? undefined : runtime);

/** What anybody on this machine may ask for: command lines, and what an engine tells of its containers. */
function around(runtime: string): readonly string[] {
  const lines = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const text = readFileSync(`/proc/${pid}/cmdline`, 'latin1');
        // Terraform's own provisioner puts what it runs in its arguments, without the values: it is part of the node.
        return [text];
      } catch {
        return [];
      }
    });
  const engine = engineOf(runtime);
  if (engine === undefined) return lines;
  const ids = execFileSync(engine, ['ps', '--all', '--quiet'], { encoding: 'utf8' }).split('\n').filter(Boolean);
  try {
    return [
      ...lines,
      ...(ids.length === 0 ? [] : [execFileSync(engine, ['inspect', ...ids], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })]),
    ];
  } catch {
    // One of them is gone since.
    return lines;
  }
}

/** Everything that is kept: all files but Terraform's states, and all Git objects. */
function kept({ dir, remote }: Shop): ReadonlyMap<string, string> {
  const files = [join(dir, '.atmos'), remote, registry.data].flatMap((root) =>
    readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !/tfstate/.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name)),
  );
  const objects = [dir, remote].map((cwd) => {
    const all = execFileSync('git', ['cat-file', '--batch-all-objects', '--batch'], { cwd, maxBuffer: 1 << 30 });
    return [`objects of ${cwd}`, all.toString('latin1')] as const;
  });
  return new Map([...files.map((file) => [file, unpacked(file)] as const), ...objects]);
}

/** Where something planted is found, and what. */
function hits(texts: ReadonlyMap<string, string>): readonly string[] {
  // The module itself says what its output is.
  const own = new Set([SENSITIVE]);
  return [...texts].flatMap(([name, text]) =>
    FORMS.filter((form) => text.includes(form) && !(own.has(form) && text.includes('resource "terraform_data" "a"'))).map(
      (form) => `${name}: ${form}`,
    ),
  );
}

test.each(['bubblewrap', 'docker', 'podman'])(
  'what is secret, from wherever, is nowhere but in the nodes and in Terraform’s states, also when the command is killed, in %s',
  async (runtime) => {
    const app = newApp({
      ...FILES,
      'atmos.yaml': `base_path: ""
stores: { shared: { type: redis, options: { prefix: acme } } }
deployments: { engine: { cache: { dir: .atmos/cache, remote: "oci://${registry.secure}/cache/${runtime}" } } }
`,
    });
    const flags = ['--verbose', '--log-format', 'json'];
    const args = [...flags, 'rollout', 'app', '--target', 'dev', '--runtime', runtime];
    const given = { ...PLANTED, ...registry.env, ATMOS_REDIS_URL: redis.url };
    const env = { ...process.env, ...given };
    const seen = new Map<string, string>();
    const look = (): void => around(runtime).forEach((text, index) => void seen.set(`around ${seen.size} ${index}`, text));

    const child = spawn(process.execPath, [BIN, ...args], { cwd: app.dir, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    const exited = new Promise((resolve) => child.on('exit', resolve));
    let said = '';
    const printed = new Promise<void>((resolve) => {
      for (const stream of [child.stdout, child.stderr]) {
        stream.on('data', (chunk: Buffer) => {
          said += chunk.toString('latin1');
          // The provisioner has printed all of them.
          if (said.includes('***') && said.includes('"step":"apply"')) resolve();
        });
      }
    });
    await Promise.race([printed, exited]);
    expect([child.exitCode, child.exitCode === null ? '' : said]).toEqual([null, '']);
    look();
    process.kill(-(child.pid as number), 'SIGKILL');
    await exited;
    look();
    // What goes on is a node; what is left of it goes when it has ended.
    const runs = (): readonly string[] => readdirSync(join(app.dir, '.atmos/runs'));
    const left = runs();
    await expect.poll(() => hits(kept(app)), { timeout: 60_000, interval: 500 }).toEqual([]);
    // The next command is to see what became of it.
    expect(runs()).toEqual(left);
    const again = await app.run(args.join(' '), { env: given, onStart: (running) => void running.stderr?.on('data', look) });
    expect([said.includes('***'), again.code]).toEqual([true, 0]);
    const verified = await app.run(`${flags.join(' ')} verify app --target dev --runtime ${runtime}`, {
      env: given,
      onStart: (running) => void running.stderr?.on('data', look),
    });
    expect([verified.code, verified.stderr.includes('verifying ***')]).toEqual([0, true]);
    const asked = await Promise.all(
      ['status app', 'history app', 'releases', 'reproduce last', 'logs last'].map((verb) =>
        app.run(`--format json ${verb}`, { env: given }),
      ),
    );
    const shown = [again, verified, ...asked].flatMap(({ stdout, stderr }) => [stdout, stderr]);
    expect(hits(new Map([['before the end', said], ...shown.map((text, index) => [`shown ${index}`, text] as const)]))).toEqual([]);
    expect(hits(seen)).toEqual([]);
    const all = kept(app);
    expect([...all.keys()].some((name) => name.includes('/blobs/'))).toBe(true);
    expect(hits(all)).toEqual([]);
  },
);
