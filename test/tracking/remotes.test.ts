import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { configuredRemotes } from '../../tracking/git/remotes.ts';

function directory(files: Readonly<Record<string, string>>): string {
  const dir = mkdtempSync(join(tmpdir(), 'atmos-remotes-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(dir, name, '..'), { recursive: true });
    writeFileSync(join(dir, name), text);
  }
  return dir;
}

test('remotes are those of the repository and of the user, without asking Git; which is asked where only it can tell', async () => {
  const own = directory({ config: '[core]\n\tbare = false\n[remote "origin"]\n\turl = x\n  [Remote "other one"]\n\turl = y\n' });
  const home = directory({ '.gitconfig': '[user]\n  name = A\n', '.config/git/config': '[remote "mine"]\n  url = z\n' });
  expect(configuredRemotes(own, { HOME: home })).toEqual(['origin', 'other one', 'mine']);
  expect(configuredRemotes(directory({ config: '[core]\n' }), { HOME: directory({}) })).toEqual([]);
  expect(configuredRemotes(directory({ config: '[include]\n\tpath = x\n' }), { HOME: home })).toBeUndefined();
  expect(configuredRemotes(directory({ config: '[includeIf "gitdir:/x"]\n' }), { HOME: home })).toBeUndefined();
  for (const config of [
    '[remote.origin]\n\turl = x\n',
    '[remote "origin"]\n',
    '[remote "origin"]\n\tprune = true\n',
    '[core] bare = false\n',
  ]) {
    // Two of them have none by Git's own count, and one has.
    expect([config, configuredRemotes(directory({ config }), { HOME: directory({}) })]).toEqual([
      config,
      config === '[remote "origin"]\n' ? [] : undefined,
    ]);
  }
  const byTree = directory({ config: '[extensions]\n\tworktreeConfig = true\n' });
  expect(configuredRemotes(byTree, { HOME: home })).toBeUndefined();
  expect(configuredRemotes(own, { HOME: home, GIT_CONFIG_COUNT: '1' })).toBeUndefined();
  // A variable that is empty is not there; without a home Git is asked.
  expect(configuredRemotes(own, { HOME: home, XDG_CONFIG_HOME: '' })).toEqual(['origin', 'other one', 'mine']);
  expect([configuredRemotes(own, {}), configuredRemotes(own, { HOME: '' })]).toEqual([undefined, undefined]);
});
