/** The kinds that come with the program: a line each. */
export { nixpack } from './nixpack/index.ts';
export { shell } from './shell/index.ts';
export { terraform } from './terraform/index.ts';
