import { isObject } from '../engine/index.ts';
import type { Person } from './git/types.ts';

/** What a lock says of its holder: the content of the blob that the lock ref points at. Its times are shown, and never compared. */
export interface LockOwner {
  readonly version: 1;
  readonly by: Person;
  readonly host: string;
  /** As `formatProcess` writes it. */
  readonly process: string;
  readonly nonce: string;
  /** ISO 8601, UTC. */
  readonly acquired: string;
  readonly renewed: string;
  /** The directory that it works in; absent in locks of earlier versions. */
  readonly dir?: string;
}

/** What the content of a lock says; `undefined` for what no version wrote. */
export function readOwner(content: Uint8Array): LockOwner | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(content).toString('utf8'));
    return isOwner(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isOwner(value: unknown): value is LockOwner {
  return (
    isObject(value) &&
    value.version === 1 &&
    typeof value.process === 'string' &&
    typeof value.acquired === 'string' &&
    typeof value.host === 'string' &&
    isObject(value.by) &&
    typeof value.by.email === 'string'
  );
}
