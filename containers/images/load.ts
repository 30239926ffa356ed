import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type Docker from 'dockerode';
import { pack } from 'tar-stream';
import { AtmosError, type Digest, isObject, type Store } from '../../engine/index.ts';
import { readImageFile } from './assemble.ts';

/** Gives an assembled image (the tree that `image-assembly` makes) to the engine under a tag. Only its own layer travels: the engine has the base. */
export async function loadImage(docker: Docker, image: Digest, tag: string, store: Store): Promise<void> {
  const dir = await store.checkOut(image);
  const { digest, base } = readImageFile(await readFile(join(dir, 'image.json'), 'utf8'));
  const archive = pack();
  const loaded = docker.loadImage(Readable.from(archive), { quiet: true });
  const names = base.map((layer) => `${layer.slice('sha256:'.length)}.tar`);
  const writing = (async () => {
    const config = await readFile(join(dir, 'config.json'));
    const name = `${digest.slice('sha256:'.length)}.json`;
    archive.entry({ name }, config);
    const layer = join(dir, 'layer.tar');
    await pipeline(createReadStream(layer), archive.entry({ name: 'layer.tar', size: (await stat(layer)).size }));
    archive.entry({ name: 'manifest.json' }, JSON.stringify([{ Config: name, RepoTags: [tag], Layers: [...names, 'layer.tar'] }]));
    archive.finalize();
  })();
  const [response] = await Promise.all([loaded, writing]);
  await checkLoad(response, tag);
}

/** Reads an engine's answer to a load: a stream of JSON lines, in which errors hide behind status 200. */
export async function checkLoad(response: NodeJS.ReadableStream, what: string): Promise<void> {
  let text = '';
  for await (const chunk of response) text += chunk.toString();
  for (const line of text.split('\n')) {
    const message: unknown = line.trim() === '' ? undefined : JSON.parse(line);
    if (isObject(message) && typeof message.error === 'string') {
      throw new AtmosError(`the engine did not take the image ${what}: ${message.error}`, { kind: 'failed', code: 'image-load' });
    }
  }
}
