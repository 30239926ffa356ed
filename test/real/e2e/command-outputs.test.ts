import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { newApp, type Shop } from './shop.ts';

const SOURCE = `variable "n" {}
output "twice" { value = tostring(var.n * 2) }
output "secret" {
  value     = "hush-hush-\${var.n}"
  sensitive = true
}
`;
const READER = `variable "text" {}
resource "terraform_data" "x" { input = var.text }
output "text" {
  value     = terraform_data.x.output
  sensitive = true
}
`;

function deployment(read: string, text: string): string {
  return `deployment:
  name: app
  components:
    terraform:
      source: { vars: { n: 4 } }
      reader: { vars: { text: "${text} {{ outputs.shell.site.url }}" } }
    shell:
      site:
        env: { TWICE: "{{ outputs.terraform.source.twice }}", HIDDEN: "{{ outputs.terraform.source.secret }}" }
        settings:
          shell: { image: node, plan: 'exit 0', rollout: 'true', destroy: 'true', outputs: [url], read: '${read}' }
  targets: { dev: }
`;
}

function app(read: string): Shop {
  return newApp({
    'components/terraform/source/main.tf': SOURCE,
    'components/terraform/reader/main.tf': READER.replace('  sensitive = true\n', ''),
    'deployments/app.yaml': deployment(read, 'one'),
  });
}

test('outputs are read with the environment of what runs, also where the component itself has nothing to do', async () => {
  const shop = app('printf "{ \\"url\\": \\"%s\\" }" "$TWICE"');
  expect(await shop.ask('rollout app --target dev')).toMatchObject({ code: 0 });
  shop.commit('deployments/app.yaml', (before) => before.replace('text: "one', 'text: "two'));
  const plan = await shop.ask('plan app --target dev');
  expect(JSON.stringify(plan.json)).toContain('two 8');
  expect(await shop.ask('rollout app --target dev --component terraform/reader')).toMatchObject({
    code: 0,
    json: { components: { 'terraform/reader': { action: 'applied' } } },
  });
  expect(await shop.ask('verify app --target dev')).toMatchObject({ code: 0 });
  expect(await shop.ask('destroy app --target dev --yes')).toMatchObject({ code: 0 });
});

test('what is read with a sensitive output in the environment is as sensitive', async () => {
  const shop = app('printf "{ \\"url\\": \\"%s-made-of-it\\" }" "$HIDDEN" | tr h H');
  shop.commit('components/terraform/reader/main.tf', READER);
  const texts = async (command: string): Promise<string> => {
    const { stdout, stderr } = await shop.run(command);
    return stdout + stderr + (await shop.run('logs last')).stdout;
  };
  let all = await texts('rollout app --target dev');
  shop.commit('deployments/app.yaml', (before) => before.replace('text: "one', 'text: "two'));
  all += await texts('plan app --target dev');
  all += await texts('rollout app --target dev');
  expect(all).toContain('terraform/reader');
  expect(all).not.toMatch(/hush-hush|HusH-HusH/);
});

test.each([
  ['is a success where nothing was left to do', '', 0],
  [
    'is an interrupted one where something was',
    '      next: { metadata: { depends_on: [site] }, settings: { shell: { image: node, rollout: "true", destroy: "true" } } }\n',
    130,
  ],
])('an interrupt waits for a rollout that has begun, which is recorded, and %s', async (_, next, code) => {
  const asked: string[] = [];
  let began = (): void => {};
  const server = createServer((request, response) => {
    asked.push(String(request.url));
    if (request.url === '/begin') began();
    setTimeout(() => response.end(), request.url === '/middle' ? 1500 : 0);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const get = (path: string): string => `wget -qO- "${url}/${path}"`;
  const shop = newApp({
    'deployments/app.yaml': `deployment:
  name: app
  components:
    shell:
      site: { settings: { shell: { image: node, network: host, rollout: '${get('begin')}; ${get('middle')}; ${get('end')}', destroy: 'true' } } }
${next}  targets: { dev: }
`,
  });
  const ran = await shop.ask('rollout app --target dev', {
    onStart: (child) => {
      began = () => child.kill('SIGINT');
    },
  });
  expect([ran.code, asked]).toEqual([code, ['/begin', '/middle', '/end']]);
  expect((await shop.ask('rollout app --target dev')).json.components['shell/site']).toMatchObject({ action: 'up-to-date' });
});
