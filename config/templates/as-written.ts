import type { Json } from '../../engine/index.ts';
import { type Delimiters, parseTemplate, type Template, TemplateError } from '../../gotemplate/index.ts';
import { emit, emitEscaped, readEmitted, readsAsItself, scalarJson } from '../../yaml/index.ts';

/**
 * Atmos writes sections as YAML, renders that text and reads it again. So a text in quotes stays text whatever its template gives, a line break in it is
 * folded, and one that needs no quotes may become something else. Most texts come to the same without the detour.
 * @throws TemplateError
 */
export function asWritten(source: string, template: Template, delimiters: Delimiters, rendered: (template: Template) => string): Json {
  const isEscaped = source.includes("'") && `${delimiters.left}${delimiters.right}`.includes("'");
  const emitted = isEscaped ? emitEscaped(source) : emit(source);
  const whole = (): Json => {
    const text = rendered(parseTemplate(emitted.text, delimiters));
    try {
      return scalarJson(readEmitted(emitted, text));
    } catch (cause) {
      throw cause instanceof TemplateError
        ? cause
        : new TemplateError(cause instanceof Error ? cause.message : String(cause), 0, { cause });
    }
  };
  if (isEscaped || emitted.style === 'literal' || (emitted.style === 'single' && source.includes("'"))) return whole();
  const value = rendered(template);
  if (emitted.style === 'double') return value;
  const isSame = emitted.style === 'plain' ? readsAsItself(value) : !/['\n]/.test(value);
  return isSame ? value : whole();
}
