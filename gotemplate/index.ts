/**
 * Go's text/template language with the functions of Sprig and Gomplate. Knows nothing of stacks.
 *
 * In: a template's text, data, functions. Out: text, or the value of a template that is one action alone. Errors carry the offset.
 */

export { parseDotenv } from './formats/dotenv.ts';
export { toYaml } from './formats/formats.ts';
export { GoRegExp } from './formats/regexp.ts';
export { FUNCTIONS, withFunctions } from './functions.ts';
export { GOMPLATE_ALONE } from './gomplate/index.ts';
export { Namespace } from './gomplate/namespace.ts';
export { type SourceFiles, sourceFunctions } from './gomplate/sources.ts';
export type { Command, Operand, Pipe, Template, TemplateNode } from './language/ast.ts';
export type { Functions } from './language/call.ts';
export { TemplateError } from './language/errors.ts';
export { actionValue, type EvaluationOptions, render } from './language/evaluate.ts';
export { inline } from './language/inline.ts';
export type { Delimiters } from './language/lex.ts';
export { parseTemplate } from './language/parse.ts';
export { Decimal, Fields, memberOf, Opaque, UNKNOWN, type Value } from './language/values.ts';
export { commandsOf, onlyCall, onlyField, operandsOf } from './language/walk.ts';
