/** `deployments.engine.cache`: results that machines share. */
export interface RemoteSettings {
  /** `oci://registry.example.com/repository` */
  readonly url: string;
  readonly mode: 'read-write' | 'read-only';
  /** The environment variable with the key that results are signed with; `undefined` where they are not. */
  readonly signingKey: string | undefined;
}
