declare const __HELP__: string;

/** The text of `--help`, which the build renders and puts in. */
export const HELP = __HELP__;
