import { sha256 } from '../../engine/index.ts';
import { deploymentSchema } from './schema.ts';

/** Tells one version of the schema from another. A build puts its value in: a start has neither the schema nor what computes digests. */
export function schemaId(): string {
  return sha256(JSON.stringify(deploymentSchema));
}
