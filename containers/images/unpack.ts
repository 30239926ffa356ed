import { createReadStream, createWriteStream } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { extract } from 'tar-stream';
import { AtmosError, type Digest, type Store } from '../../engine/index.ts';
import type { LayerEntry } from './layers.ts';

/** Undoes the compression of a layer: gzip or zstd, told by its first bytes. */
export async function decompress(path: string, to: string): Promise<void> {
  const start = await firstBytes(path);
  const isGzip = start[0] === 0x1f && start[1] === 0x8b;
  const isZstd = start.readUInt32LE(0) === 0xfd2fb528;
  const source = createReadStream(path);
  const target = createWriteStream(to, { flags: 'wx' });
  if (isGzip) await pipeline(source, createGunzip(), target);
  else if (isZstd) await pipeline(source, createZstdDecompress(), target);
  else await pipeline(source, target);
}

async function firstBytes(path: string): Promise<Buffer> {
  const bytes = Buffer.alloc(4);
  for await (const chunk of createReadStream(path, { end: 3 })) (chunk as Buffer).copy(bytes);
  return bytes;
}

/** Reads a layer's tar; the contents of its files go into the store, one after another, never more than one in memory. */
export async function readLayer(tar: NodeJS.ReadableStream, store: Store): Promise<readonly LayerEntry[]> {
  const dir = await store.temporary('layer');
  const entries: LayerEntry[] = [];
  try {
    const archive = extract();
    const reading = pipeline(tar, archive);
    reading.catch(() => undefined);
    for await (const entry of archive) {
      const { name, type, mode, linkname } = entry.header;
      const base = { path: name, isExecutable: ((mode ?? 0) & 0o111) !== 0, target: linkname ?? '' };
      if (type === 'file' || type === 'contiguous-file') {
        entries.push({ ...base, type: 'file', content: await ingest(entry, join(dir, 'content'), store) });
      } else {
        entry.resume();
        if (type === 'directory') entries.push({ ...base, type, content: undefined });
        else if (type === 'link') entries.push({ ...base, type: 'hardlink', content: undefined });
        else if (type === 'symlink') {
          const size = Buffer.byteLength(base.target);
          entries.push({ ...base, type: 'link', content: { digest: await store.put(base.target), size } });
        }
      }
    }
    await reading;
    await store.put('');
  } catch (cause) {
    if (cause instanceof AtmosError) throw cause;
    throw new AtmosError(`a layer of the image can't be read: ${cause instanceof Error ? cause.message : String(cause)}`, {
      kind: 'failed',
      code: 'invalid-layer',
      cause,
    });
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
  return entries;
}

async function ingest(content: AsyncIterable<unknown>, path: string, store: Store): Promise<{ digest: Digest; size: number }> {
  // tar-stream gives bytes, which its types do not say.
  await writeFile(path, content as AsyncIterable<Uint8Array>);
  const taken = await store.putFile(path);
  await rm(path);
  return taken;
}
