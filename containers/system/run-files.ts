/** Which engine has a container: another one would say that there is none. */
export interface EngineAddress {
  readonly engine: string;
  readonly address: string;
}

/** Where a run directory has its first output. */
export const OUTPUT = 'output-0';

/** A state that could not be written to its backend: the one file that nothing else has. */
export const RESCUED = 'errored.tfstate';
