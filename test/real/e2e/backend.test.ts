import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { type Postgres, startPostgres } from './postgres.ts';
import { newShop, type Shop } from './shop.ts';
import { startStateServer } from './states.ts';

let postgres: Postgres;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.stop());

/** The example with its states in PostgreSQL, whose address and password are a secret of dev. */
async function remoteShop(schema: string): Promise<Shop> {
  const shop = await newShop();
  shop.commit('stacks/orgs/acme/_defaults.yaml', (text) =>
    text.replace('backend_type: local', `backend_type: pg\n  backend:\n    pg:\n      schema_name: "${schema}_{{ .atmos_component }}"`),
  );
  shop.commit('deployments/payment-service.yaml', (text) =>
    text.replace(
      '      labels: { environment: dev }\n',
      '      labels: { environment: dev }\n      secrets: { PG_CONN_STR: { env: STATE_URL } }\n',
    ),
  );
  return shop;
}

test.each(['bubblewrap', 'docker', 'podman'])(
  'states lie in a remote backend, whose credentials are a secret of the target, in %s',
  async (runtime) => {
    const shop = await remoteShop(`shop_${runtime}`);
    const env = { STATE_URL: postgres.url };
    const ran = await shop.ask(`--verbose rollout payment-service --target dev --runtime ${runtime}`, { env });
    expect(ran.stderr).not.toContain('✖');
    expect(ran.json).toMatchObject({ result: 'deployed' });
    for (const component of ['network', 'database', 'service-api']) {
      expect(postgres.query(`select name from "shop_${runtime}_${component}".states where name = 'acme-dev'`)).toBe('acme-dev');
    }
    const again = await shop.run(`rollout payment-service --target dev --runtime ${runtime}`, { env });
    expect(again.stdout).toContain('nothing to do');
    const all = await shop.ask(`rollout payment-service --target dev --all --runtime ${runtime}`, { env });
    for (const [address, component] of Object.entries(all.json.components)) {
      expect(component).toMatchObject({ action: address.startsWith('nixpack/') ? 'built' : 'unchanged' });
    }
    const files = readdirSync(shop.dir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    expect(
      files.map((entry) => join(entry.parentPath, entry.name)).filter((file) => readFileSync(file).includes('pg-pl4nted-passw0rd')),
    ).toEqual([]);
    expect(ran.stderr).not.toContain('pg-pl4nted-passw0rd');
    expect((await shop.run(`destroy payment-service --target dev --yes --runtime ${runtime}`, { env })).code).toBe(0);
  },
);

test.each(['bubblewrap', 'docker'])('states lie on a server of states, and outputs are read from there, in %s', async (runtime) => {
  const server = await startStateServer('terraform', 'http-pl4nted-passw0rd');
  onTestFinished(() => server.stop());
  const shop = await newShop();
  const at = `${server.url}/{{ .atmos_component }}`;
  shop.commit('stacks/orgs/acme/_defaults.yaml', (text) =>
    text.replace(
      'backend_type: local',
      `backend_type: http\n  backend:\n    http: { address: "${at}", lock_address: "${at}", unlock_address: "${at}", username: terraform }`,
    ),
  );
  shop.commit('deployments/payment-service.yaml', (text) =>
    text.replace(
      '      labels: { environment: dev }\n',
      '      labels: { environment: dev }\n      secrets: { TF_HTTP_PASSWORD: { env: STATE_PASSWORD } }\n',
    ),
  );
  const env = { STATE_PASSWORD: 'http-pl4nted-passw0rd' };
  const ran = await shop.ask(`rollout payment-service --target dev --runtime ${runtime}`, { env });
  expect(ran.json).toMatchObject({ result: 'deployed' });
  expect([...server.states.keys()].sort()).toEqual(['/database', '/network', '/service-api']);
  // What a component reads of another was asked of the server, by the node that needed it.
  const applied = server.asked.lastIndexOf('POST /network');
  expect(server.asked.indexOf('GET /network', applied)).toBeGreaterThan(applied);
  expect(server.asked).toContain('LOCK /network');
  expect((await shop.run(`rollout payment-service --target dev --runtime ${runtime}`, { env })).stdout).toContain('nothing to do');
});
