/** `markdown` is for what people review: verbs whose answers have no such form refuse it. */
export const FORMATS = ['table', 'json', 'yaml', 'markdown'] as const;
export type Format = (typeof FORMATS)[number];

/** Log formats. */
export const LOG_FORMATS = ['plain', 'json'] as const;
