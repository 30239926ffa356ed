import { PassThrough, type Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import type Docker from 'dockerode';
import type { NodeIo } from '../../engine/index.ts';
import { insist, isLostConnection, within } from './wait.ts';

/** How long the last of a container's output may take after its end, in milliseconds. */
const LAST = 2_000;

/**
 * What a container prints, live. The engine keeps no copy: where the connection is cut, what was printed meanwhile is lost, and what comes after is
 * followed again.
 */
export class ContainerOutput {
  readonly #container: Docker.Container;
  readonly #io: Pick<NodeIo, 'log'>;
  readonly #input: string | undefined;
  #stream: Promise<void> = Promise.resolve();
  #isOver = false;

  /** `input`: what the container finds at its standard input. */
  constructor(container: Docker.Container, io: Pick<NodeIo, 'log'>, input?: string) {
    this.#container = container;
    this.#io = io;
    this.#input = input;
  }

  /** Follows it from now on: to be called before the container starts. @throws AtmosError `engine-lost` */
  async open(): Promise<void> {
    const isRead = this.#input !== undefined;
    const stream = await insist(() =>
      this.#container.attach({ stream: true, stdin: isRead, stdout: true, stderr: true, ...(isRead ? { hijack: true } : {}) }),
    );
    this.#follow(stream);
    if (this.#input !== undefined) stream.write(this.#input);
  }

  /** To be called when the container has ended: waits for the last of its output. */
  async close(): Promise<void> {
    this.#isOver = true;
    await within(LAST, this.#stream).catch(() => undefined);
  }

  #follow(stream: NodeJS.ReadWriteStream): void {
    const stdout = new PassThrough();
    const stderr = new PassThrough();
    stdout.on('data', (chunk: Uint8Array) => this.#io.log('stdout', chunk));
    stderr.on('data', (chunk: Uint8Array) => this.#io.log('stderr', chunk));
    this.#container.modem.demuxStream(stream, stdout, stderr);
    this.#stream = finished(stream as unknown as Readable, { writable: false, error: false })
      .catch(() => undefined)
      .then(() => this.#followOn());
  }

  /** An output that ends before its container was cut off. */
  async #followOn(): Promise<void> {
    if (this.#isOver) return;
    try {
      const { State } = await within(LAST, this.#container.inspect());
      if (this.#isOver || !State.Running) return;
      this.#follow(await within(LAST, this.#container.attach({ stream: true, stdout: true, stderr: true })));
    } catch (error) {
      // What the engine answers is no fault of ours: of a container that has just ended, Podman says that it runs, and that nothing of it can be followed.
      if (!isLostConnection(error) && (error as { statusCode?: number }).statusCode === undefined) throw error;
      // Whoever waits for the container says so if the engine is lost.
      await new Promise((resolve) => setTimeout(resolve, 500).unref());
      await this.#followOn();
    }
  }
}
