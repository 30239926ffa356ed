import { createHash } from 'node:crypto';
import { asDigest, type Digest } from '../../engine/index.ts';

/** The digest of all that a stream gives. */
export async function hashStream(stream: AsyncIterable<Uint8Array>): Promise<Digest> {
  const hash = createHash('sha256');
  for await (const chunk of stream) hash.update(chunk);
  return asDigest(`sha256:${hash.digest('hex')}`);
}
