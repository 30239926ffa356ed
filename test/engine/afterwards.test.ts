import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const ENGINE = join(import.meta.dirname, '../../engine');

test.each(['SIGKILL', undefined] as const)(
  'what is to be done once a process is gone is done, also when one command fails (%s)',
  async (signal) => {
    const dir = mkdtempSync(join(tmpdir(), 'atmos-afterwards-'));
    const [gone, closed, end] = ['gone', "it's closed", 'end'].map((name) => join(dir, name)) as [string, string, string];
    for (const path of [gone, closed]) {
      mkdirSync(join(path, 'below'), { recursive: true });
      writeFileSync(join(path, 'below/file'), '', { mode: 0o400 });
    }
    const program = join(dir, 'program.ts');
    writeFileSync(
      program,
      `import { chmodSync } from 'node:fs';
     import { afterwards, removal } from ${JSON.stringify(join(ENGINE, 'base/afterwards.ts'))};
     chmodSync(${JSON.stringify(join(closed, 'below'))}, 0o500);
     afterwards(removal(${JSON.stringify(gone)}));
     afterwards('false');
     afterwards('sleep 0 &');
     afterwards(removal(${JSON.stringify(join(dir, 'never there'))}));
     afterwards(removal(${JSON.stringify(closed)}));
     afterwards(${JSON.stringify(`: > '${end}'`)});
     console.log('ready');
     ${signal === undefined ? '' : 'setInterval(() => undefined, 1000);'}`,
    );
    const child = spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
    await new Promise((resolve) => child.stdout.once('data', resolve));
    if (signal !== undefined) process.kill(-(child.pid as number), signal);
    await expect.poll(() => existsSync(end), { timeout: 60_000 }).toBe(true);
    expect([gone, closed].filter((path) => existsSync(path))).toEqual([]);
  },
);
