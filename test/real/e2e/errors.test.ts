import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { COMMAND } from '../command.ts';
import { BIN, call, newApp, newShop, temporary } from './shop.ts';

const lineOf = (text: string, what: string): number => text.slice(0, text.indexOf(what)).split('\n').length;

const FILE = 'deployments/payment-service.yaml';

test('an unknown key is named with its place and the nearest name', async () => {
  const shop = await newShop();
  writeFileSync(join(shop.dir, FILE), shop.read(FILE).replace('  components:\n    nixpack:', '  componets:\n    nixpack:'));
  const { code, stderr, stdout } = await shop.run('validate');
  expect(code).toBe(2);
  expect(stdout).toBe('');
  const lines = stderr.split('\n');
  expect(lines[0]).toBe(`${FILE}:13:3 error: unknown key "componets"`);
  expect(lines.some((line) => line.startsWith('   13 |   componets:'))).toBe(true);
  expect(stderr).toMatch(/\| {3}\^{9} did you mean "components"\?/);
  const json = await shop.ask('validate');
  expect(json.json.error).toMatchObject({ code: 'unknown-key', file: FILE, line: 13, column: 3, hint: 'did you mean "components"?' });
});

test('a missing stack, an unknown target and a dependency cycle are each named at their place', async () => {
  const shop = await newShop();
  const text = shop.read(FILE);
  const attempt = async (broken: string, args: string) => {
    writeFileSync(join(shop.dir, FILE), broken);
    return shop.ask(args);
  };
  const missing = await attempt(
    text.replace('stacks: [orgs/acme/dev]', 'stacks: [orgs/acme/devv]'),
    'describe payment-service --target dev',
  );
  expect(missing.code).toBe(2);
  expect(missing.json.error).toMatchObject({ file: FILE, line: lineOf(text, 'stacks: [orgs/acme/dev]') });
  expect(missing.json.error.hint).toContain('orgs/acme/dev');
  const cycle = await attempt(
    text.replace('      network:\n', '      network:\n        metadata: { depends_on: [service-api] }\n'),
    'validate payment-service',
  );
  expect(cycle.code).toBe(2);
  expect(cycle.json.error.code).toBe('dependency-cycle');
  expect(cycle.json.error.message).toMatch(/terraform\/\S+ → .*terraform\/network/);
  expect(cycle.json.error.file).toBe(FILE);
  const target = await attempt(text, 'describe payment-service --target prdo');
  expect(target.code).toBe(2);
  expect(target.json.error).toMatchObject({ code: 'unknown-target', hint: 'did you mean "prod"?' });
  const promoted = await attempt(text.replace('{ from: dev }', '{ from: devel }'), 'validate payment-service');
  expect(promoted.json.error).toMatchObject({ code: 'unknown-target', file: FILE });
});

test('a Terraform error is told at the line that set the value, is recorded, and nothing after it runs', async () => {
  const shop = await newShop();
  shop.commit('stacks/orgs/acme/dev.yaml', (text) => text.replace('10.10.0.0/16', 'not-a-range'));
  const failed = await shop.ask('rollout payment-service --target dev');
  expect(failed.code).toBe(1);
  expect(failed.json.error).toMatchObject({ code: 'terraform', file: 'stacks/orgs/acme/dev.yaml', line: 10 });
  expect(failed.json.error.message).toContain("A network's range is in CIDR notation");
  const { json } = await shop.ask('history payment-service --target dev');
  expect(json.records[0]).toMatchObject({ result: 'failed' });
  expect(json.records[0].components['terraform/database'].action).toBe('not-reached');
  shop.commit('stacks/orgs/acme/dev.yaml', (text) => text.replace('not-a-range', '10.10.0.0/16'));
  expect((await shop.ask('rollout payment-service --target dev')).json).toMatchObject({ result: 'deployed' });
});

test('a Terraform error in a component’s code is told at its file and line', async () => {
  const shop = await newShop();
  shop.commit('components/terraform/network/outputs.tf', (text) => text.replace('terraform_data.network.id', 'terraform_data.netwrok.id'));
  const failed = await shop.ask('rollout payment-service --target dev');
  expect(failed.code).toBe(1);
  expect(failed.json.error).toMatchObject({ code: 'terraform', file: 'components/terraform/network/outputs.tf', line: 3 });
  expect(failed.json.error.message).toContain('Reference to undeclared resource');
});

test('where no runtime works, it says why and how to get one, and exits with 4', async () => {
  const shop = await newShop();
  const bin = join(shop.dir, '../bin');
  mkdirSync(bin);
  symlinkSync('/usr/bin/git', join(bin, 'git'));
  const none = await shop.ask('rollout payment-service --target dev', {
    env: { PATH: bin, DOCKER_HOST: 'unix:///nowhere/docker.sock', CONTAINER_HOST: 'unix:///nowhere/podman.sock' },
  });
  expect(none.code).toBe(4);
  expect(none.json.error).toMatchObject({ code: 'no-runtime' });
  expect(none.json.error.message).toContain('bubblewrap is not installed');
  expect(none.json.error.hint).toContain('apt-get install bubblewrap');
  expect((await shop.ask('status payment-service')).json.targets[0].state).toBe('never');
});

test('outside of a Git repository, and outside of any repository, it says what to do', async () => {
  const dir = temporary();
  const none = await call(['--format', 'json', 'list'], { cwd: dir });
  expect(none.code).toBe(2);
  expect(none.json.error.code).toBe('no-repository');
  mkdirSync(join(dir, 'deployments'));
  writeFileSync(join(dir, 'deployments/app.yaml'), 'deployment:\n  name: app\n  components:\n    terraform:\n      a:\n');
  const noGit = await call(['--format', 'json', 'status', 'app'], { cwd: dir });
  expect(noGit.code).toBe(4);
  expect(noGit.json.error).toMatchObject({ code: 'not-a-git-repository', hint: 'make one: git init' });
});

test('where something else is called .atmos, it says so', async () => {
  const app = newApp({});
  rmSync(join(app.dir, '.atmos'), { recursive: true });
  writeFileSync(join(app.dir, '.atmos'), '');
  const answer = await app.run('list');
  expect(answer.code).toBe(4);
  expect(answer.stderr).toContain(`${join(app.dir, '.atmos')} is not a directory`);
});

test('wrong usage exits with 2, and help with 0', async () => {
  const dir = temporary();
  expect((await call(['rolout'], { cwd: dir })).code).toBe(2);
  expect((await call(['rolout'], { cwd: dir })).stderr).toContain('you may want: atmos-deployment rollout');
  expect((await call(['deploy', 'app'], { cwd: dir })).stderr).toContain('you may want: atmos-deployment rollout <deployment>');
  expect((await call(['history', 'app', 'prod'], { cwd: dir })).stderr).toContain('--target prod');
  expect((await call(['rollout', '--help'], { cwd: dir })).code).toBe(0);
});

test('the program runs through a link and from any directory', async () => {
  const dir = temporary();
  symlinkSync(BIN, join(dir, 'atmos-deployment'));
  const { execFileSync } = await import('node:child_process');
  const said = execFileSync(process.execPath, [join(dir, 'atmos-deployment'), '--version'], { cwd: '/', encoding: 'utf8' });
  expect(said).toMatch(/^\d+\.\d+\.\d+\n$/);
});

test('what is wrong is told as SARIF, one document whatever the format, with the exit code of an error', async () => {
  const shop = await newShop();
  const fine = await shop.ask('validate --sarif');
  expect([fine.code, fine.json.version, fine.json.runs[0].results]).toEqual([0, '2.1.0', []]);
  shop.commit('deployments/payment-service.yaml', (text) =>
    text.replace('default_target: dev', 'default_target: devel').replace('  phases:', '  phasez:'),
  );
  const wrong = await shop.ask('validate --sarif');
  expect(wrong.code).toBe(2);
  const told = wrong.json.runs[0].results.map(({ ruleId, locations }: { ruleId: string; locations: { physicalLocation: unknown }[] }) => [
    ruleId,
    locations[0]?.physicalLocation,
  ]);
  const at = (startLine: number, startColumn: number, endColumn: number) => ({
    artifactLocation: { uri: FILE, uriBaseId: 'ROOT' },
    region: { startLine, startColumn, endColumn },
  });
  expect(told).toEqual([
    ['unknown-target', at(10, 21, 26)],
    ['unknown-key', at(35, 3, 9)],
  ]);
  expect(wrong.stderr).toContain('phasez');
});

test('what fails while a release is made is told with its node, what its tool said, and where: nothing is recorded', async () => {
  const shop = await newShop();
  // Of versions in files for both, OpenTofu takes none as its own.
  const path = `components/terraform/network/${COMMAND === 'tofu' ? 'version.tofu' : 'version.tf'}`;
  shop.commit(path, 'terraform {\n  required_version = ">= 99"\n}\n');
  const line = 2;
  for (const verb of ['plan', 'release', 'rollout']) {
    const failed = await shop.ask(`${verb} payment-service --target dev`);
    expect(failed.code).toBe(1);
    expect(failed.json.error).toMatchObject({
      file: path,
      line,
      message: expect.stringMatching(/^terraform\/network\/init: (?:Unsupported Terraform Core version|Incompatible module)/),
    });
  }
  expect((await shop.ask('history payment-service --target dev')).json.records).toEqual([]);
});
