import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, onTestFinished, test } from 'vitest';
import { PRODUCT } from '../command.ts';
import { BIN, newShop } from './shop.ts';

const FILE = 'components/terraform/network/main.tf';

test('what runs printed and why their nodes ran can be asked later, wherever the flags of the command stood', async () => {
  const shop = await newShop();
  expect((await shop.run('logs')).stdout).toBe('no runs are recorded yet\n');
  await shop.run('--quiet plan payment-service --target dev');
  shop.commit(FILE, (text) => `${text}\n# one more line\n`);
  await shop.run('plan --verbose payment-service --target=dev');
  const { runs } = (await shop.ask('logs')).json;
  expect(runs.map(({ deployment, target }: Record<string, unknown>) => [deployment, target])).toEqual([
    ['payment-service', 'dev'],
    ['payment-service', 'dev'],
  ]);
  const why = await shop.ask('explain terraform/network/init');
  expect(why.json).toMatchObject({
    ran: 'not-in-cache',
    run: { run: runs[0].run },
    comparedWith: { run: runs[1].run },
    differences: [{ part: 'inputs /source', files: ['main.tf'] }],
  });
  expect((await shop.run('logs last terraform/network/init')).stdout).toContain(`${PRODUCT} has been successfully initialized!`);
  expect((await shop.run(`logs ${runs[1].run} nothing`)).code).toBe(2);
  const lines = (await shop.run('--log-format json plan payment-service --target dev')).stderr.trimEnd().split('\n');
  const events = lines.map((line) => JSON.parse(line));
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index));
  expect(events[0]).toMatchObject({ deployment: 'payment-service', target: 'dev' });
  expect(new Set(events.map(({ type }) => type))).toEqual(
    new Set(['command-started', 'graph', 'queued', 'cached', 'runtime', 'started', 'output', 'finished', 'plan', 'command-finished']),
  );
  const graph = events.find(({ type, phase }) => type === 'graph' && phase === 'plan');
  expect(graph.nodes).toContainEqual({
    node: 'terraform/network/plan',
    component: 'terraform/network',
    step: 'plan',
    needs: ['terraform/network/init', 'terraform/network/module', 'terraform/network/providers'].filter((id) =>
      graph.nodes.some(({ node }: { node: string }) => node === id),
    ),
  });
});

test('a rollout that is refused, one that is recorded and what is wrong are events of the published schema', async () => {
  const shop = await newShop();
  const validate = new Ajv2020({ strict: false }).compile(JSON.parse(readFileSync(join(dirname(BIN), 'schemas/event.json'), 'utf8')));
  const told: string[] = [];
  for (const args of [
    'rollout payment-service --target dev',
    'rollout payment-service --target prod',
    'describe nothing',
    'test payment-service',
  ]) {
    for (const line of (await shop.run(`--log-format json ${args}`)).stderr.trimEnd().split('\n')) {
      const event = JSON.parse(line);
      expect([validate(event), validate.errors, event.type]).toEqual([true, null, event.type]);
      told.push(event.type);
    }
  }
  expect(told).toEqual(expect.arrayContaining(['target', 'record', 'tests', 'error', 'plan']));
});

test('a command’s nodes are spans where the environment asks for them, and a collector that is not there fails nothing', async () => {
  const shop = await newShop();
  const bodies: string[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      bodies.push(Buffer.concat(parts).toString('utf8'));
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` };
  expect(await shop.run('plan payment-service --target dev', { env })).toMatchObject({ code: 0 });
  const all = bodies.join('');
  for (const name of ['atmos-deployment plan', 'terraform/network/init', 'terraform/network/plan'])
    expect(all).toContain(`"name":"${name}"`);
  const alone = await shop.run('plan payment-service --target dev', { env: { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' } });
  expect(alone).toMatchObject({ code: 0, stderr: expect.stringContaining('warning: the spans of this command could not be sent') });
});
