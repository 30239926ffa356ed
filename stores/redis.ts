import { createClient } from '@redis/client';
import type { StoreSettings } from '../config/index.ts';
import { AtmosError } from '../engine/index.ts';
import type { ValueStore } from './value-store.ts';

/** Milliseconds to wait for an answer. */
const TIMEOUT = 10_000;

/** A Redis server (also Valkey, KeyDB). Its URL is in `atmos.yaml`, else in `ATMOS_REDIS_URL`, as in Atmos. */
export async function openRedis(name: string, { url = process.env.ATMOS_REDIS_URL }: StoreSettings): Promise<ValueStore> {
  if (url === undefined || url === '') {
    throw new AtmosError(`store "${name}" has no URL`, {
      kind: 'environment',
      code: 'store-unreachable',
      hint: 'set options.url in atmos.yaml, or: export ATMOS_REDIS_URL=redis://…',
    });
  }
  const client = clientOf(name, url);
  let lost: Error | undefined;
  client.on('error', (error: Error) => {
    lost ??= error;
  });
  try {
    await client.connect();
  } catch (cause) {
    throw unreachable(name, cause);
  }
  return {
    async get(key) {
      try {
        return (await client.get(key)) ?? undefined;
      } catch (cause) {
        throw unreachable(name, lost ?? cause);
      }
    },
    async put(key, text) {
      try {
        await client.set(key, text);
      } catch (cause) {
        throw unreachable(name, lost ?? cause);
      }
    },
    async close() {
      if (client.isOpen) await client.close();
    },
  };
}

/** What is no URL of a server of this kind the library throws. */
function clientOf(name: string, url: string) {
  try {
    return createClient({ url, socket: { connectTimeout: TIMEOUT, socketTimeout: TIMEOUT, reconnectStrategy: false } });
  } catch (cause) {
    throw new AtmosError(`the URL of store "${name}" is not a Redis URL`, {
      kind: 'environment',
      code: 'store-unreachable',
      hint: 'set options.url in atmos.yaml, or ATMOS_REDIS_URL, for example: redis://user:password@host:6379/0',
      cause,
    });
  }
}

/** Without the URL: there may be a password in it. */
function unreachable(name: string, cause: unknown): AtmosError {
  return new AtmosError(`store "${name}" does not answer: ${said(cause)}`, {
    kind: 'environment',
    code: 'store-unreachable',
    hint: 'check that the server runs and can be reached from here, and check the URL (options.url in atmos.yaml, or ATMOS_REDIS_URL)',
    cause,
  });
}

/** An attempt at several addresses says nothing itself. */
function said(cause: unknown): string {
  if (cause instanceof AggregateError) return cause.errors.map(said).join('; ');
  return cause instanceof Error ? cause.message : String(cause);
}
