/** What a registry refused, or what went wrong on the way to it. */
export class RegistryError extends Error {
  /** `unreachable`, `denied`, `not-found`, `mismatched` (what came has another digest), `refused` (any other answer), `invalid-reference`. */
  readonly code: 'unreachable' | 'denied' | 'not-found' | 'mismatched' | 'refused' | 'invalid-reference';
  constructor(code: RegistryError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
