import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { COMMAND } from '../command.ts';
import { type RealRegistry, startRegistry } from './registry.ts';
import { cloneShop, newShop, type Shop } from './shop.ts';

let registry: RealRegistry;
beforeAll(async () => {
  registry = await startRegistry();
});
afterAll(() => registry.stop());

const which = (name: string): { readonly from: string } => ({ from: execFileSync('which', [name], { encoding: 'utf8' }).trim() });

/** Terraform and a shell, with what layers do to one another: links, hard links, whiteouts, files over links. */
const DOCKERFILE = (said: string, program = COMMAND): string => `FROM scratch
COPY busybox /usr/bin/busybox
RUN ["/usr/bin/busybox", "ln", "-s", "usr/bin", "/bin"]
RUN ["/usr/bin/busybox", "--install", "/bin"]
COPY ${program} /bin/${program}
COPY gone /etc/gone
RUN rm /etc/gone && mkdir -p /etc /tmp /srv /opt/data && chmod 1777 /tmp && echo ${said} > /etc/said && rm -f /etc/passwd
ENV PATH=/usr/bin SAID=${said}
`;

function push(tag: string, said: string, program: string): void {
  const files = { busybox: which('busybox'), gone: 'gone', ...(program === 'gone' ? {} : { [program]: which(program) }) };
  registry.push(tag, DOCKERFILE(said, program), files);
}

async function shopWithPulled(tag: string, { said = 'first', program = 'gone' } = {}): Promise<Shop> {
  push(tag, said, program);
  const shop = await newShop();
  shop.commit('atmos.yaml', (text) =>
    text.replace(/^deployments:\n/m, `deployments:\n  images: { ${COMMAND}: "${registry.secure}/${tag}" }\n`),
  );
  return shop;
}

test('an image is pulled, pinned by digest, and gives the same plan in either runtime, also on a machine that has yet to pull it', async () => {
  const shop = await shopWithPulled('tools/terraform:1', { program: COMMAND });
  const early = await shop.ask('plan payment-service --target dev');
  expect(early.json.error).toMatchObject({ code: 'image-not-pinned', hint: expect.stringContaining('images pull payment-service') });
  const { env } = registry;
  const pulled = await shop.ask('images pull payment-service', { env });
  expect(pulled.json.images).toEqual([
    { name: COMMAND, reference: `${registry.secure}/tools/terraform:1`, digest: expect.stringMatching(/^sha256:/), pinned: false },
  ]);
  expect(shop.read('deployments/payment-service.lock.yaml')).toContain('manifest: sha256:');
  shop.git('add', '--all');
  shop.git('commit', '--quiet', '--message=Pin');
  shop.git('push', '--quiet', 'origin', 'main');
  const digests = [];
  for (const runtime of ['bubblewrap', 'docker', 'podman']) {
    const planned = await shop.ask(`plan payment-service --target dev --no-cache --runtime ${runtime}`, { env });
    expect(planned.stderr).not.toContain('✖');
    expect(planned.json.components['terraform/network']).toMatchObject({ create: 2 });
    digests.push((await shop.ask(`release payment-service --target dev --no-cache --runtime ${runtime}`, { env })).json.digest);
  }
  expect(new Set(digests).size).toBe(1);
  const elsewhere = cloneShop(shop);
  const there = await elsewhere.ask('release payment-service --target dev --runtime bubblewrap', { env });
  expect(there.json.digest).toBe(digests[0]);
  expect(`${pulled.stdout}${pulled.stderr}${there.stdout}${there.stderr}`).not.toContain(registry.password);
});

test('an image’s empty directories are there in every runtime', async () => {
  const { env } = registry;
  const shop = await shopWithPulled('tools/roomy:1', { program: COMMAND });
  shop.commit('deployments/payment-service.yaml', (text) =>
    text.replace('    verify:\n', `      - { name: roomy, image: ${COMMAND}, run: 'cd /opt/data && ls /srv' }\n    verify:\n`),
  );
  expect((await shop.ask('images pull payment-service', { env })).code).toBe(0);
  for (const runtime of ['bubblewrap', 'docker', 'podman']) {
    expect((await shop.run(`test payment-service --no-cache --runtime ${runtime}`, { env })).code, runtime).toBe(0);
  }
});

test('a tag that moved is noticed, and what is pinned stays until it is asked for', async () => {
  const { env } = registry;
  const shop = await shopWithPulled('tools/moving:1');
  const first = (await shop.ask('images pull payment-service', { env })).json.images[0].digest;
  expect((await shop.ask('images verify payment-service', { env })).code).toBe(0);
  push('tools/moving:1', 'second', 'gone');
  const moved = await shop.run('images verify payment-service', { env });
  expect(moved.code).toBe(1);
  expect(moved.stdout).toContain('its tag now points to');
  expect((await shop.ask('images pull payment-service', { env })).json.images[0]).toMatchObject({ digest: first, pinned: true });
  const updated = (await shop.ask('images pull payment-service --update', { env })).json.images[0];
  expect(updated.pinned).toBe(false);
  expect(updated.digest).not.toBe(first);
});

test('a layer that is not what its digest says is refused, and nothing of the image is kept', async () => {
  const { env } = registry;
  const shop = await shopWithPulled('tools/lying:1', { said: 'lying' });
  const token = `Basic ${Buffer.from(`ana:${registry.password}`).toString('base64')}`;
  const accept = 'application/vnd.docker.distribution.manifest.v2+json';
  const answer = await fetch(`http://${registry.plain}/v2/tools/lying/manifests/1`, { headers: { authorization: token, accept } });
  const { layers } = (await answer.json()) as { layers: readonly { digest: string }[] };
  const blob = registry.blob(layers.at(-1)?.digest ?? '');
  const bytes = readFileSync(blob);
  bytes[bytes.length - 5] = (bytes[bytes.length - 5] ?? 0) ^ 1;
  writeFileSync(blob, bytes);
  const refused = await shop.ask('images pull payment-service', { env });
  expect(refused.code).toBe(4);
  expect(refused.json.error).toMatchObject({ code: 'registry', message: expect.stringContaining('digest mismatch') });
  expect(shop.git('status', '--porcelain')).toBe('');
});

test('what is wrong with a registry is told: no credentials, wrong ones, no such tag, nobody there', async () => {
  const { env } = registry;
  const shop = await shopWithPulled('tools/told:1');
  const ask = async (more: Readonly<Record<string, string>>) =>
    (await shop.ask('images pull payment-service', { env: { ...env, ...more } })).json.error;
  expect(await ask({ DOCKER_CONFIG: '/nowhere' })).toMatchObject({ code: 'registry', hint: expect.stringContaining('docker login') });
  expect(await ask({ NODE_EXTRA_CA_CERTS: '' })).toMatchObject({ message: expect.stringContaining('does not answer') });
  shop.commit('atmos.yaml', (text) => text.replace('tools/told:1', 'tools/told:2'));
  expect(await ask({})).toMatchObject({ message: expect.stringContaining('has no manifest 2') });
});
