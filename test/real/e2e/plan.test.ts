import { expect, test } from 'vitest';
import { newApp } from './shop.ts';

const MODULE = `variable "size" { type = number }
variable "password" {
  type      = string
  sensitive = true
}
variable "token" { type = string }
resource "terraform_data" "kept" { input = { size = var.size, name = "n" } }
resource "terraform_data" "replaced" { triggers_replace = var.size }
resource "terraform_data" "hidden" { input = [var.password, var.token] }
resource "terraform_data" "masked" { input = "\${var.token}-\${var.size}" }
output "size" { value = var.size }
`;

const deployment = (size: number, password: string): string => `deployment:
  name: app
  components: { terraform: { a: { vars: { size: ${size}, password: ${password}, token: !env TOKEN } } } }
  targets: { dev: { secrets: { TOKEN: { env: TOKEN } } } }
`;

test('a plan tells of each attribute what it is and will be, what is known later, what forces a replacement, and no secret', async () => {
  const env = { TOKEN: 'pl4nted-token' };
  const app = newApp({ 'components/terraform/a/main.tf': MODULE, 'deployments/app.yaml': deployment(1, 'first-word') });
  expect(await app.run('rollout app --target dev', { env })).toMatchObject({ code: 0 });
  const unchanged = await app.run('plan app --target dev --all', { env });
  expect([unchanged.code, unchanged.stdout]).toEqual([0, expect.stringMatching(/^terraform\/a {2}no changes$/m)]);
  app.commit('deployments/app.yaml', () => deployment(2, 'second-word'));
  const planned = await app.run('plan app --target dev', { env });
  expect(planned.code).toBe(0);
  const lines = planned.stdout.trimEnd().split('\n').slice(1);
  expect(lines).toEqual([
    'terraform/a  +1 ~3 -1',
    '  update output.size',
    '      1 → 2',
    '  update terraform_data.hidden',
    '      input: (sensitive value)',
    '      output: ["***","***"] → (known after apply)',
    '  update terraform_data.kept',
    '      input.size: 1 → 2',
    expect.stringMatching(/^ {6}output.*\(known after apply\)$/),
    '  update terraform_data.masked',
    '      input: "***-1" → "***-2"',
    '      output: "***-1" → (known after apply)',
    '  delete, create terraform_data.replaced',
    expect.stringMatching(/^ {6}id: "[-0-9a-f]+" → \(known after apply\)$/),
    '      triggers_replace: 1 → 2  (forces replacement)',
  ]);
  const { stdout } = await app.run('plan app --target dev --format json', { env });
  const [size] = JSON.parse(stdout).components['terraform/a'].changes;
  expect(size).toEqual({ address: 'output.size', actions: ['update'], attributes: [{ path: '', before: 1, after: 2 }] });
  expect(`${planned.stdout}${stdout}`).not.toMatch(/pl4nted|first-word|second-word/);
});
