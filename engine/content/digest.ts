import { hash } from 'node:crypto';

/** A SHA-256 content digest in OCI form: `sha256:` and 64 lower-case hex digits. */
export type Digest = `sha256:${string}` & { readonly __digest: unique symbol };

const PATTERN = /^sha256:[0-9a-f]{64}$/;

/** The digest of some bytes; text counts as UTF-8. */
export function sha256(content: string | Uint8Array): Digest {
  return `sha256:${hash('sha256', content)}` as Digest;
}

export function isDigest(text: unknown): text is Digest {
  return typeof text === 'string' && PATTERN.test(text);
}

/** @throws TypeError when `text` is not a SHA-256 digest; what came from outside is checked with `isDigest` first. */
export function asDigest(text: string): Digest {
  if (!isDigest(text)) throw new TypeError(`not a sha256 digest: ${text}`);
  return text;
}

/** The 64 hex digits, for paths and Git refs. */
export function hex(digest: Digest): string {
  return digest.slice('sha256:'.length);
}

/** Twelve hex digits: how people name a release or a tree. */
export function shortId(digest: Digest): string {
  return hex(digest).slice(0, 12);
}
