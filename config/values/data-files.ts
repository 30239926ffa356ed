import type { ConfigFiles } from '../source/files.ts';

/**
 * Files that templates ask for while they are evaluated. Evaluation waits for nothing: what was not read yet is noted, the evaluation ends, the files are
 * read, and it begins anew. Most templates ask for none.
 */
export class DataFiles {
  readonly #files: ConfigFiles;
  readonly #known = new Map<string, string | undefined>();
  readonly #wanted = new Set<string>();

  constructor(files: ConfigFiles) {
    this.#files = files;
  }

  /** The text of a file; `undefined` when there is none. @throws Error when it has to be read first */
  text(path: string): string | undefined {
    if (this.#known.has(path)) return this.#known.get(path);
    this.#wanted.add(path);
    throw new Error(`${path} has to be read first`);
  }

  /** Evaluates, as often as it takes to know all files that are asked for. */
  async evaluate<T>(evaluation: () => T): Promise<T> {
    for (;;) {
      try {
        return evaluation();
      } catch (error) {
        if (this.#wanted.size === 0) throw error;
        for (const path of this.#wanted) {
          const content = await this.#files.read(path);
          this.#known.set(path, content === undefined ? undefined : Buffer.from(content).toString('utf8'));
        }
        this.#wanted.clear();
      }
    }
  }
}
