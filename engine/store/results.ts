import cacache from 'cacache';
import { type Digest, isDigest } from '../digest.ts';
import { isObject } from '../json.ts';

/** What a node made: kept under its key. */
export interface NodeResult {
  readonly exitCode: number;
  /** Trees by output name. */
  readonly outputs: Readonly<Record<string, Digest>>;
}

/** Results by node key, in the index of a cacache directory. The last writer wins; all of them are right. */
export class Results {
  readonly #dir: string;
  constructor(dir: string) {
    this.#dir = dir;
  }

  async get(key: Digest): Promise<NodeResult | undefined> {
    const entry = await cacache.get.info(this.#dir, `node ${key}`);
    const metadata: unknown = entry?.metadata;
    return isNodeResult(metadata) ? metadata : undefined;
  }

  async put(key: Digest, result: NodeResult): Promise<void> {
    await cacache.put(this.#dir, `node ${key}`, '', { algorithms: ['sha256'], metadata: result });
  }

  /** A text that was kept under a key: what reading a file gave, by the file's content. */
  async recall(key: string): Promise<string | undefined> {
    const entry = await cacache.get.info(this.#dir, `text ${key}`);
    const metadata: unknown = entry?.metadata;
    return isObject(metadata) && typeof metadata.text === 'string' ? metadata.text : undefined;
  }

  async keep(key: string, text: string): Promise<void> {
    await cacache.put(this.#dir, `text ${key}`, '', { algorithms: ['sha256'], metadata: { text } });
  }
}

function isNodeResult(value: unknown): value is NodeResult {
  return isObject(value) && typeof value.exitCode === 'number' && isObject(value.outputs) && Object.values(value.outputs).every(isDigest);
}
