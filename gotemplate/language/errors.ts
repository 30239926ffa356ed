/** What is wrong with a template, or went wrong in it; `at` is the offset in the template's text. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError';
  readonly at: number;
  constructor(message: string, at: number, options?: ErrorOptions) {
    super(message, options);
    this.at = at;
  }
}
