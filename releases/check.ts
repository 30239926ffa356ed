import { isDigest, isObject } from '../engine/index.ts';
import { ARTIFACT_TYPE, type Manifest, type ReleaseConfig } from './types.ts';

const strings = (value: unknown): boolean => Array.isArray(value) && value.every((item) => typeof item === 'string');

/** Whether what was read has the form of a manifest; its digest vouches for the rest. */
export function isManifest(value: unknown): value is Manifest {
  return (
    isObject(value) &&
    value.schemaVersion === 2 &&
    value.artifactType === ARTIFACT_TYPE &&
    isDescriptor(value.config) &&
    Array.isArray(value.layers) &&
    value.layers.every(isDescriptor)
  );
}

function isDescriptor(value: unknown): boolean {
  return isObject(value) && isDigest(value.digest) && typeof value.size === 'number' && typeof value.mediaType === 'string';
}

export function isReleaseConfig(value: unknown): value is ReleaseConfig {
  return (
    isObject(value) &&
    value.version === 1 &&
    typeof value.deployment === 'string' &&
    typeof value.target === 'string' &&
    typeof value.commit === 'string' &&
    typeof value.dirty === 'boolean' &&
    isObject(value.images) &&
    isObject(value.secrets) &&
    isObject(value.components) &&
    Object.values(value.components).every(isComponent)
  );
}

function isComponent(value: unknown): boolean {
  return (
    isObject(value) &&
    typeof value.kind === 'string' &&
    typeof value.name === 'string' &&
    isDigest(value.layer) &&
    isDigest(value.artifact) &&
    isDigest(value.source) &&
    strings(value.dependsOn) &&
    strings(value.reads) &&
    isObject(value.settings)
  );
}
