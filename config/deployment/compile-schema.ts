import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { deploymentSchema } from './schema.ts';

/** Compiles the schema of deployment files. A module of its own, so that ajv is loaded only where a file has to be checked. */
export function compileSchema(): ValidateFunction {
  return new Ajv2020({ allErrors: true, strict: false, verbose: true }).compile(deploymentSchema);
}
