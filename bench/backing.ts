import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { startPostgres } from '../test/real/e2e/postgres.ts';
import type { World } from './world.ts';

/** Where a world keeps its state, and its markers. */
export interface Backing {
  readonly made: string;
  readonly destroyed: string;
  /** Of the component NAME, as YAML. */
  readonly backend: string;
  readonly secrets: string;
  readonly env: Readonly<Record<string, string>>;
  /** Where each step is to last for a while: then an image is built, too, for so many seconds. */
  readonly seconds?: number;
  markers(world: World): readonly string[];
  /** The state of the component `things`, as JSON. */
  state(world: World): string;
  close(): Promise<void>;
}

/** `backend_type: local`: markers lie beside the state. */
export const LOCAL: Backing = {
  made: `mkdir -p /state/things; echo made > /state/things/\${self.id}`,
  destroyed: `rm -f /state/things/\${self.id}`,
  backend: '',
  secrets: '',
  env: {},
  markers: ({ dir }) => namesIn(join(dir, '.atmos/state/app/dev/terraform/things/things')),
  state: ({ dir }) => readFileSync(join(dir, '.atmos/state/app/dev/terraform/things/workspaces/dev/terraform.tfstate'), 'utf8'),
  close: async () => undefined,
};

/** `backend_type: pg`, a real PostgreSQL; markers are made over the network, since nothing of this machine is mounted. */
export async function inPostgres(): Promise<Backing> {
  const postgres = await startPostgres();
  const marks = mkdtempSync(join(tmpdir(), 'atmos-faults-marks-'));
  const server = new Worker(MARKS, { eval: true, workerData: marks });
  const port = await new Promise<number>((resolve) => server.once('message', resolve));
  const url = `http://${new URL(postgres.url).hostname}:${port}`;
  return {
    made: `wget -q -O /dev/null ${url}/made/\${self.id}`,
    destroyed: `wget -q -O /dev/null ${url}/destroyed/\${self.id}`,
    backend: 'backend_type: pg, backend: { pg: { schema_name: faults_NAME } }, ',
    secrets: 'secrets: { PG_CONN_STR: { env: STATE_URL } }',
    env: { STATE_URL: postgres.url },
    markers: () => readdirSync(marks),
    state: () => postgres.query("select data from faults_things.states where name = 'dev'"),
    async close() {
      await server.terminate();
      postgres.stop();
      rmSync(marks, { recursive: true });
    },
  };
}

/** In a thread of its own: this one waits for its children. */
const MARKS = `
const { parentPort, workerData } = require('node:worker_threads');
const { rmSync, writeFileSync } = require('node:fs');
const server = require('node:http').createServer((request, response) => {
  const [, what, id] = request.url.split('/');
  if (what === 'made') writeFileSync(workerData + '/' + id, ''); else rmSync(workerData + '/' + id, { force: true });
  response.end();
});
server.listen(0, () => parentPort.postMessage(server.address().port));
`;

export function namesIn(dir: string): readonly string[] {
  return existsSync(dir) ? readdirSync(dir) : [];
}
