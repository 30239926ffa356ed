import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { COMMAND } from '../command.ts';
import { newApp } from './shop.ts';

/** What others may read below a directory: directories that they can't look into end the search. What goes meanwhile is not there. */
function readable(dir: string): readonly string[] {
  try {
    return readdirSync(dir).flatMap((name) => {
      const path = join(dir, name);
      const status = lstatSync(path, { throwIfNoEntry: false });
      if (status === undefined) return [];
      if (status.isDirectory()) return (status.mode & 0o005) === 0o005 ? readable(path) : [];
      return (status.mode & 0o004) === 0 ? [] : [path];
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

test.each(['bubblewrap', 'docker', 'podman'])(
  'others on this machine can read nothing below .atmos but the cache, whatever the umask, in %s',
  async (runtime) => {
    const app = newApp({
      'components/terraform/a/main.tf': `resource "terraform_data" "x" {
  provisioner "local-exec" { command = "echo $TOKEN; exit 1" }
}
`,
      'deployments/app.yaml': `deployment:
  name: app
  components: { terraform: { a: } }
  targets: { dev: { secrets: { TOKEN: { env: PLANTED } } } }
`,
    });
    const before = process.umask(0);
    let duringIt: readonly string[] = [];
    try {
      const failed = await app.run(`rollout app --target dev --keep --runtime ${runtime}`, {
        env: { PLANTED: 'pl4nted-value' },
        onStart: (child) => {
          const watching = setInterval(() => {
            duringIt = [...new Set([...duringIt, ...readable(join(app.dir, '.atmos'))])];
          }, 20);
          child.on('exit', () => clearInterval(watching));
        },
      });
      expect(failed.code).toBe(1);
    } finally {
      process.umask(before);
    }
    const own = [...new Set([...duringIt, ...readable(join(app.dir, '.atmos'))])].map((path) =>
      path.slice(join(app.dir, '.atmos').length + 1),
    );
    const isPublic = (path: string): boolean => path === '.gitignore' || /^cache\/(?:objects|trees|results|texts|turns)\//.test(path);
    expect(own.filter((path) => !isPublic(path))).toEqual([]);
  },
);

test.each(['bubblewrap', 'docker', 'podman'])('what nodes are given they can read, whatever the umask, in %s', async (runtime) => {
  const app = newApp({
    'components/terraform/a/main.tf': 'resource "terraform_data" "x" { input = file("files/text") }\n',
    'components/terraform/a/files/text': 'text',
    'deployments/app.yaml': `deployment:
  name: app
  components: { terraform: { a: } }
  phases: { verify: [ { name: names, image: ${COMMAND}, run: "cat /etc/resolv.conf /etc/hosts > /dev/null", network: bridge } ] }
  targets: { dev: }
`,
  });
  const before = process.umask(0o077);
  try {
    const rolledOut = await app.run(`rollout app --target dev --runtime ${runtime}`);
    expect([rolledOut.code, rolledOut.stderr.includes('permission denied')]).toEqual([0, false]);
    const verified = await app.run(`verify app --target dev --runtime ${runtime}`);
    expect([verified.code, verified.stderr]).toEqual([0, expect.not.stringContaining('denied')]);
  } finally {
    process.umask(before);
  }
});
