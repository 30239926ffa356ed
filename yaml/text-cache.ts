/** Keeps what was made of files, by their content: parsing them needs large libraries, which are then never loaded. Safe to delete at any time. */
export interface TextCache {
  /** The text that was made of a content for a purpose. */
  get(purpose: string, content: Uint8Array): string | undefined;
  put(purpose: string, content: Uint8Array, text: string): Promise<void>;
}
