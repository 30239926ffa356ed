import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openStore, type Store, sha256 } from '../engine/index.ts';

/** How many different results there are: few, so that processes meet. */
export const RESULTS = 40;

const keyOf = (index: number) => sha256(`key ${index}`);
const textOf = (index: number): string => `${index} `.repeat(1 + ((index * 7919) % 50_000));

/** Makes a result as a node does, unless it is there. Returns `made`, or whether the one that is there is `right`, or what is wrong with it. */
export async function useResult(store: Store, index: number): Promise<string> {
  const known = await store.result(keyOf(index));
  if (known === undefined) {
    const dir = await store.temporary('out');
    await mkdir(join(dir, 'sub'));
    await writeFile(join(dir, 'own'), textOf(index));
    await writeFile(join(dir, 'sub/shared'), textOf(index % 5));
    await store.remember(keyOf(index), { exitCode: 0, outputs: { out: await store.ingest(dir) } });
    return 'made';
  }
  const dir = await store.checkOut(known.outputs.out ?? sha256(''));
  const isRight =
    readFileSync(join(dir, 'own'), 'utf8') === textOf(index) && readFileSync(join(dir, 'sub/shared'), 'utf8') === textOf(index % 5);
  return isRight ? 'right' : `result ${index} is not what was remembered`;
}

/** Uses a store until it is killed: `node store-user.ts DIR`. Says when it begins, and what is wrong. */
if (process.argv[1] === import.meta.filename) {
  const store = openStore(process.argv[2] ?? '');
  process.stdout.write('begun\n');
  for (;;) {
    try {
      const answer = await useResult(store, Math.floor(Math.random() * RESULTS));
      if (answer !== 'right' && answer !== 'made') process.stdout.write(`${answer}\n`);
    } catch (error) {
      process.stdout.write(`${String(error)}\n`);
    }
  }
}
