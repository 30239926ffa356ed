/** Hands on what comes before a mark. */
export class Section {
  readonly #mark: Buffer;
  readonly #sink: (chunk: Buffer) => void;
  readonly #end: () => void;
  #held: Buffer = Buffer.alloc(0);

  constructor(mark: Buffer, sink: (chunk: Buffer) => void, end: () => void) {
    this.#mark = mark;
    this.#sink = sink;
    this.#end = end;
  }

  take(chunk: Buffer): void {
    const all = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    const at = all.indexOf(this.#mark);
    const upTo = at === -1 ? all.length - this.#begun(all) : at;
    if (upTo > 0) this.#sink(all.subarray(0, upTo));
    this.#held = all.subarray(upTo);
    if (at !== -1) this.#end();
  }

  /** How many bytes at the end may be the beginning of the mark. */
  #begun(bytes: Buffer): number {
    for (let length = Math.min(this.#mark.length - 1, bytes.length); length > 0; length -= 1) {
      if (bytes.subarray(bytes.length - length).equals(this.#mark.subarray(0, length))) return length;
    }
    return 0;
  }
}
