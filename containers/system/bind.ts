/** A directory of this machine that a container sees. */
export interface Bind {
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
}
