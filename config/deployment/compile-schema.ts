import { Ajv2020, type Options, type ValidateFunction } from 'ajv/dist/2020.js';
import { deploymentSchema } from './schema.ts';

/** All errors, with the values and schemas that they are about. A definition is one function, not one copy for each place that it stands at. */
export const schemaOptions: Options = { allErrors: true, strict: false, verbose: true, inlineRefs: false };

/**
 * Compiles the schema of deployment files. A module of its own: in what is published it is replaced by the code that this makes, and ajv is not there.
 */
export function compileSchema(): ValidateFunction {
  return new Ajv2020(schemaOptions).compile(deploymentSchema);
}
