import { isMap, isScalar, LineCounter, parseDocument, stringify } from 'yaml';
import { AtmosError, isDigest } from '../engine/index.ts';
import type { ImagePin, LockFile } from './lock-file.ts';

/** @throws AtmosError `invalid-lock` with the line. */
export function parseLock(text: string, file: string): LockFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const fail = (offset: number, what: string): AtmosError => {
    const { line, col } = lines.linePos(offset);
    return new AtmosError(what, {
      kind: 'invalid',
      code: 'invalid-lock',
      position: { file, line, column: col, excerpt: { first: line, lines: [text.split('\n')[line - 1] ?? ''] } },
      hint: 'this file is written by the program; get it back from Git, or make it anew: atmos-deployment images build',
    });
  };
  const broken = document.errors[0];
  if (broken !== undefined) throw fail(broken.pos[0], broken.message.split('\n')[0] ?? 'not YAML');
  const images = document.get('images');
  const pins: Record<string, ImagePin> = {};
  if (isMap(images)) {
    for (const { key, value } of images.items) {
      const name = isScalar(key) ? String(key.value) : '';
      const pin = isMap(value)
        ? (value.toJSON() as { reference?: unknown; digest?: unknown; assembled?: unknown; manifest?: unknown })
        : {};
      if (typeof pin.reference !== 'string' || !isDigest(pin.digest)) {
        throw fail(isScalar(key) ? (key.range?.[0] ?? 0) : 0, `the pin of image "${name}" needs a reference and a digest (sha256:…)`);
      }
      const manifest = isDigest(pin.manifest) ? { manifest: pin.manifest } : {};
      pins[name] = { reference: pin.reference, digest: pin.digest, assembled: pin.assembled === true, ...manifest };
    }
  }
  return { images: pins };
}

export function formatLock(lock: LockFile): string {
  const images = Object.fromEntries(Object.entries(lock.images).sort(([a], [b]) => (a < b ? -1 : 1)));
  return `# Written by atmos-deployment; commit it. Every machine then runs the same.\n${stringify({ images })}`;
}
