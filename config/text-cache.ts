/** Keeps what files said, by their content: parsing them needs large libraries, which are then never loaded. Safe to delete at any time. */
export interface TextCache {
  get(key: string): Promise<string | undefined>;
  put(key: string, text: string): Promise<void>;
}
