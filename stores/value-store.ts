/** An open store. */
export interface ValueStore {
  /** The text under a key; `undefined` when there is none. */
  get(key: string): Promise<string | undefined>;
  put(key: string, text: string): Promise<void>;
  close(): Promise<void>;
}
