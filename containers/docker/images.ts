import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type Docker from 'dockerode';
import { pack } from 'tar-stream';
import { AtmosError, type Digest, hex, isObject, makeTree, type ReadContent, type Store, shortId, subtree } from '../../engine/index.ts';
import { packLayer } from '../images/assemble.ts';
import { imageConfig, imageDigest, layerDir, pulledLayer } from '../images/image.ts';
import type { ImageStore } from '../images/store.ts';

/** Sees to it that the engine has an image: one that it lacks is given to it, layer by layer. @throws AtmosError `no-image`, `image-load` */
export async function provideImage(docker: Docker, digest: Digest, images: ImageStore, store: Store): Promise<void> {
  try {
    await docker.getImage(digest).inspect();
    return;
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode !== 404) throw error;
  }
  const { image } = await images.get(digest);
  await load(docker, image, store);
}

/** Writes the format of `docker save` (Docker image specification v1.2): config, layers, and a manifest that lists them. */
async function load(docker: Docker, image: Digest, store: Store): Promise<void> {
  const tree = await store.tree(image);
  const digest = imageDigest(tree);
  const { layers } = await imageConfig(tree, store);
  const read: ReadContent = (content, size) => store.read(content, size);
  const archive = pack();
  // Told of its progress, a connection is not idle while the engine unpacks.
  const answer = docker.loadImage(Readable.from(archive), { quiet: false });
  const write = async (): Promise<void> => {
    const config = `${hex(digest)}.json`;
    archive.entry({ name: config }, Buffer.from(await wholeOf(store, digest)));
    for (const index of layers.keys()) {
      const pulled = pulledLayer(tree, index);
      if (pulled !== undefined) {
        const dir = await store.checkOut(await store.putTree(makeTree([{ ...pulled, path: 'layer.tar' }])));
        await pipeline(createReadStream(join(dir, 'layer.tar')), archive.entry({ name: `${index}/layer.tar`, size: pulled.size }));
        continue;
      }
      const files = subtree(tree, layerDir(index));
      // A tar's header says how long it is, so the layer is packed twice rather than kept whole.
      let size = 0;
      for await (const chunk of packLayer(files, read)) size += (chunk as Uint8Array).length;
      await pipeline(packLayer(files, read), archive.entry({ name: `${index}/layer.tar`, size }));
    }
    const tags = [`atmos-deployment:${shortId(digest)}`];
    const manifest = [{ Config: config, RepoTags: tags, Layers: layers.map((_, index) => `${index}/layer.tar`) }];
    archive.entry({ name: 'manifest.json' }, JSON.stringify(manifest));
    archive.finalize();
  };
  const [response] = await Promise.all([answer, write()]);
  await checkAnswer(response, digest);
}

async function wholeOf(store: Store, digest: Digest): Promise<Uint8Array> {
  const bytes = await store.get(digest);
  if (bytes !== undefined) return bytes;
  throw new AtmosError(`object ${digest} is missing from the cache`, { kind: 'failed', code: 'damaged-object' });
}

/** Reads an engine's answer to a load: a stream of JSON lines, in which errors hide behind status 200. */
async function checkAnswer(response: NodeJS.ReadableStream, what: string): Promise<void> {
  let text = '';
  for await (const chunk of response) text += chunk.toString();
  for (const line of text.split('\n')) {
    const message: unknown = line.trim() === '' ? undefined : JSON.parse(line);
    if (isObject(message) && typeof message.error === 'string') {
      throw new AtmosError(`the engine did not take the image ${what}: ${message.error}`, { kind: 'failed', code: 'image-load' });
    }
  }
}
