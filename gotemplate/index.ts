/**
 * Go's text/template language with the functions of Sprig and Gomplate. Knows nothing of stacks.
 *
 * In: a template's text, data, functions. Out: text, or the value of a template that is one action alone. Errors carry the offset.
 */
export type { Command, Operand, Pipe, Template, TemplateNode } from './ast.ts';
export type { Functions } from './call.ts';
export { parseDotenv } from './dotenv.ts';
export { TemplateError } from './errors.ts';
export { actionValue, type EvaluationOptions, render } from './evaluate.ts';
export { toYaml } from './formats.ts';
export { FUNCTIONS, withFunctions } from './functions.ts';
export { GOMPLATE_ALONE } from './gomplate/index.ts';
export { Namespace } from './gomplate/namespace.ts';
export { type SourceFiles, sourceFunctions } from './gomplate/sources.ts';
export { inline } from './inline.ts';
export type { Delimiters } from './lex.ts';
export { parseTemplate } from './parse.ts';
export { GoRegExp } from './regexp.ts';
export { Decimal, Fields, memberOf, Opaque, UNKNOWN, type Value } from './values.ts';
export { commandsOf, onlyCall, onlyField, operandsOf } from './walk.ts';
