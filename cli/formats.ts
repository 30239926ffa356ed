export const FORMATS = ['table', 'json', 'yaml'] as const;
export type Format = (typeof FORMATS)[number];

/** Forms of what is said on the way. */
export const LOG_FORMATS = ['plain', 'json'] as const;
