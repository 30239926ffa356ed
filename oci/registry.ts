import { createHash } from 'node:crypto';
import { openAsBlob } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { authorize, type Challenge } from './authorize.ts';
import { bodyOf, digestOf, readAll } from './body.ts';
import type { Credentials } from './credentials.ts';
import { RegistryError } from './errors.ts';
import { type Descriptor, MEDIA } from './manifest.ts';
import { baseUrl } from './reference.ts';

/** A manifest as it came. */
export interface Found {
  readonly bytes: Uint8Array;
  readonly digest: string;
  readonly mediaType: string;
}

export interface RegistryOptions {
  /** Asked for when the registry wants to know who we are. */
  credentials(): Promise<Credentials | undefined>;
  /** Milliseconds that an answer may take. */
  readonly timeout: number;
  /** Milliseconds that a blob may take, either way. */
  readonly blobTimeout: number;
  /** How often a request is made again that failed by no fault of ours. */
  readonly retries: number;
  readonly signal?: AbortSignal;
}

const MANIFESTS = [MEDIA.index, MEDIA.manifest, MEDIA.dockerList, MEDIA.dockerManifest].join(', ');
/** More is no manifest. */
const LARGEST_MANIFEST = 4 * 1024 * 1024;

/** One repository of a registry (distribution-spec v1.1). All that it gives is verified by digest. */
export class Registry {
  readonly #base: string;
  readonly #repository: string;
  readonly #name: string;
  readonly #options: RegistryOptions;
  /** By what it allows: `pull`, `pull,push`. */
  readonly #authorization = new Map<string, string>();

  constructor(registry: string, repository: string, options: RegistryOptions) {
    this.#base = `${baseUrl(registry)}/v2/${repository}`;
    this.#repository = repository;
    this.#name = `${registry}/${repository}`;
    this.#options = options;
  }

  /** @throws RegistryError `not-found`, `denied`, `unreachable`, `mismatched`, `refused` */
  async manifest(reference: string): Promise<Found> {
    const response = await this.#request('GET', `/manifests/${reference}`, { headers: { accept: MANIFESTS } });
    this.#expect(response, [200], `manifest ${reference}`);
    const bytes = await readAll(response, LARGEST_MANIFEST);
    const digest = digestOf(bytes);
    const wanted = reference.startsWith('sha256:') ? reference : (response.headers.get('docker-content-digest') ?? digest);
    if (digest !== wanted) throw mismatched(`manifest ${reference}`, this.#name);
    return { bytes, digest, mediaType: response.headers.get('content-type') ?? '' };
  }

  /** A blob in memory. */
  async blob({ digest, size }: Descriptor): Promise<Uint8Array> {
    const response = await this.#request('GET', `/blobs/${digest}`);
    this.#expect(response, [200], `blob ${digest}`);
    const bytes = await readAll(response, size);
    if (bytes.length !== size || digestOf(bytes) !== digest) throw mismatched(`blob ${digest}`, this.#name);
    return bytes;
  }

  /** Writes a blob of any size to a new file. One that breaks off is gone on with from there. */
  async download({ digest, size }: Descriptor, path: string): Promise<void> {
    const file = await open(path, 'wx');
    const hash = createHash('sha256');
    try {
      let length = 0;
      for (let attempt = 0; ; attempt += 1) {
        try {
          length = await this.#downloadFrom(length, digest, size, file, (chunk) => hash.update(chunk));
          if (length === size) break;
        } catch (error) {
          if (error instanceof RegistryError && error.code !== 'unreachable') throw error;
          // A disk that takes no more will not for being asked again.
          if ((error as NodeJS.ErrnoException).syscall === 'write') throw error;
          if (attempt >= this.#options.retries) throw this.#unreachable(error);
          // What was written before it broke off stays.
          length = (await file.stat()).size;
        }
        if (attempt >= this.#options.retries) throw this.#unreachable(new Error(`blob ${digest} ended after ${length} of ${size} bytes`));
        await pause(attempt);
      }
    } finally {
      await file.close();
    }
    if (`sha256:${hash.digest('hex')}` !== digest) throw mismatched(`blob ${digest}`, this.#name);
  }

  async #downloadFrom(start: number, digest: string, size: number, file: FileHandle, tap: (chunk: Uint8Array) => void): Promise<number> {
    const headers: Record<string, string> = start === 0 ? {} : { range: `bytes=${start}-` };
    const response = await this.#request('GET', `/blobs/${digest}`, { headers });
    this.#expect(response, start === 0 ? [200] : [200, 206], `blob ${digest}`);
    // One that knows no ranges begins anew.
    let skip = response.status === 200 ? start : 0;
    let length = start;
    for await (const chunk of bodyOf(response)) {
      const rest = chunk.subarray(Math.min(skip, chunk.length));
      skip -= chunk.length - rest.length;
      if (rest.length === 0) continue;
      length += rest.length;
      if (length > size) throw mismatched(`blob ${digest}`, this.#name);
      await file.write(rest);
      tap(rest);
    }
    return length;
  }

  async has(digest: string): Promise<boolean> {
    const response = await this.#request('HEAD', `/blobs/${digest}`);
    if (response.status === 404) return false;
    this.#expect(response, [200], `blob ${digest}`);
    return true;
  }

  /** Gives the registry a blob, unless it has it. */
  async putBlob(bytes: Uint8Array): Promise<Descriptor> {
    const descriptor = { mediaType: 'application/octet-stream', digest: digestOf(bytes), size: bytes.length };
    if (await this.has(descriptor.digest)) return descriptor;
    await this.#upload(descriptor.digest, bytes);
    return descriptor;
  }

  /** Gives the registry a file, unless it has it. */
  async putFile(descriptor: Descriptor, path: string): Promise<void> {
    if (await this.has(descriptor.digest)) return;
    // Read as it is sent, never whole in memory.
    await this.#upload(descriptor.digest, await openAsBlob(path));
  }

  async #upload(digest: string, body: Uint8Array | Blob): Promise<void> {
    const started = await this.#request('POST', '/blobs/uploads/', { push: true });
    this.#expect(started, [202], 'an upload');
    await started.body?.cancel();
    const location = started.headers.get('location');
    if (location === null) throw new RegistryError('refused', `${this.#name} returned no upload URL`);
    const url = new URL(location, this.#base);
    url.searchParams.set('digest', digest);
    const headers = { 'content-type': 'application/octet-stream' };
    const done = await this.#request('PUT', url.href, { push: true, headers, body });
    this.#expect(done, [201], 'an upload');
    await done.body?.cancel();
  }

  /** Puts a manifest under a tag. Returns its digest. */
  async putManifest(tag: string, bytes: Uint8Array, mediaType: string): Promise<string> {
    const done = await this.#request('PUT', `/manifests/${tag}`, { push: true, headers: { 'content-type': mediaType }, body: bytes });
    this.#expect(done, [201], `manifest ${tag}`);
    await done.body?.cancel();
    return digestOf(bytes);
  }

  async #request(
    method: string,
    path: string,
    request: { headers?: Record<string, string>; body?: Uint8Array | Blob; push?: boolean } = {},
  ): Promise<Response> {
    const url = path.startsWith('/') ? `${this.#base}${path}` : path;
    const actions = request.push === true ? 'pull,push' : 'pull';
    for (let attempt = 0; ; attempt += 1) {
      try {
        let response = await this.#send(method, url, request, this.#authorization.get(actions));
        if (response.status === 401) {
          await response.body?.cancel();
          const challenge: Challenge = { header: response.headers.get('www-authenticate') ?? '', repository: this.#repository, actions };
          const answer = await authorize(challenge, await this.#options.credentials(), this.#signal(this.#options.timeout));
          if (answer === undefined)
            throw new RegistryError('denied', `${this.#name} requires authentication; no credentials found in the Docker configuration`);
          this.#authorization.set(actions, answer);
          response = await this.#send(method, url, request, answer);
        }
        if (response.status !== 429 && response.status < 500) return response;
        if (attempt >= this.#options.retries) return response;
        await response.body?.cancel();
      } catch (error) {
        if (error instanceof RegistryError || this.#options.signal?.aborted === true) throw error;
        // Who was slow once is slow again.
        if (attempt >= this.#options.retries || (error as Error).name === 'TimeoutError') throw this.#unreachable(error);
      }
      await pause(attempt);
    }
  }

  async #send(
    method: string,
    url: string,
    { headers = {}, body }: { headers?: Record<string, string>; body?: Uint8Array | Blob },
    authorization: string | undefined,
  ) {
    // Who we are is for the registry alone, whatever place it sends us to.
    const isOwn = new URL(url).origin === new URL(this.#base).origin;
    const isBlob = body !== undefined || (method === 'GET' && url.includes('/blobs/'));
    const own = authorization === undefined || !isOwn ? headers : { ...headers, authorization };
    return fetch(url, {
      method,
      headers: own,
      signal: this.#signal(isBlob ? this.#options.blobTimeout : this.#options.timeout),
      ...(body === undefined ? {} : { body: body as Uint8Array<ArrayBuffer> | Blob }),
    });
  }

  #signal(timeout: number): AbortSignal {
    const late = AbortSignal.timeout(timeout);
    return this.#options.signal === undefined ? late : AbortSignal.any([late, this.#options.signal]);
  }

  #expect(response: Response, statuses: readonly number[], what: string): void {
    if (statuses.includes(response.status)) return;
    response.body?.cancel().catch(() => undefined);
    if (response.status === 404) throw new RegistryError('not-found', `${this.#name} has no ${what}`);
    if (response.status === 401 || response.status === 403) throw new RegistryError('denied', `access to ${what} on ${this.#name} denied`);
    throw new RegistryError('refused', `${this.#name} answers ${response.status} to ${what}`);
  }

  #unreachable(cause: unknown): RegistryError {
    return new RegistryError('unreachable', `${this.#name} does not answer: ${said(cause)}`, { cause });
  }
}

function mismatched(what: string, name: string): RegistryError {
  return new RegistryError('mismatched', `digest mismatch: ${what} of ${name}`);
}

/** What `fetch` says is in the cause of what it throws. */
function said(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? said(error.cause) : error.message || String((error as NodeJS.ErrnoException).code);
}

/** Twice as long each time, and never the same for two who failed together. */
function pause(attempt: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 200 * 2 ** attempt * (0.5 + Math.random())));
}
