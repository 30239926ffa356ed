import { isDigest, isObject, isTreePath, isWorkspaceName } from '../engine/index.ts';
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
    isName(value.deployment) &&
    isName(value.target) &&
    typeof value.commit === 'string' &&
    // A commit's id, and no word that Git would take for an option or another name.
    /^[0-9a-f]{40,64}$/.test(value.commit) &&
    typeof value.dirty === 'boolean' &&
    isObject(value.images) &&
    isObject(value.secrets) &&
    Object.values(value.secrets).every(isSource) &&
    Object.values(isObject(value.reads) ? value.reads : {}).every(isReadOf) &&
    isObject(value.components) &&
    Object.entries(value.components).every(([address, component]) => isComponent(address, component))
  );
}

/** What paths are made of: one part of one. */
function isName(value: unknown): boolean {
  return typeof value === 'string' && isTreePath(value) && !value.includes('/');
}

function isComponent(address: string, value: unknown): boolean {
  return (
    isObject(value) &&
    isTreePath(address) &&
    address === `${String(value.kind)}/${String(value.name)}` &&
    isDigest(value.layer) &&
    isDigest(value.artifact) &&
    isDigest(value.source) &&
    strings(value.dependsOn) &&
    strings(value.reads) &&
    isObject(value.settings) &&
    isSettings(value.settings)
  );
}

/** What paths and command lines are made of. */
function isSettings({
  root = '',
  workspace = 'default',
  env = {},
  secrets = {},
  hooks = [],
}: {
  readonly [key: string]: unknown;
}): boolean {
  return (
    typeof root === 'string' &&
    (root === '' || isTreePath(root)) &&
    isWorkspaceName(workspace) &&
    isObject(env) &&
    Object.values(env).every((one) => typeof one === 'string') &&
    Array.isArray(hooks) &&
    hooks.every(isHook) &&
    isObject(secrets) &&
    Object.entries(secrets).every(([name, source]) => isVariable(name) && isSource(source))
  );
}

function isReadOf(value: unknown): boolean {
  return (
    isObject(value) &&
    ['terraform', 'tofu'].includes(String(value.command)) &&
    isWorkspaceName(value.workspace) &&
    /^[a-z0-9_-]+$/.test(String(value.backend_type)) &&
    isObject(value.backend) &&
    isObject(value.env) &&
    Object.values(value.env).every((one) => typeof one === 'string')
  );
}

function isHook(value: unknown): boolean {
  return (
    isObject(value) &&
    typeof value.name === 'string' &&
    typeof value.store === 'string' &&
    isObject(value.values) &&
    Object.values(value.values).every((one) => isObject(one) && (typeof one.output === 'string' || typeof one.value === 'string'))
  );
}

function isVariable(name: unknown): boolean {
  return typeof name === 'string' && /^[^=\0]+$/.test(name);
}

function isSource(value: unknown): boolean {
  if (!isObject(value)) return false;
  return 'exec' in value ? typeof value.exec === 'string' : isVariable(value.env) && ['string', 'undefined'].includes(typeof value.default);
}
