import { join } from 'node:path/posix';
import { type AtmosError, isObject, isRawNumber, type Json, type JsonObject, prettyJson } from '../../engine/index.ts';
import { type Functions, parseTemplate, render, toYaml, type Value, withFunctions } from '../../gotemplate/index.ts';
import { errorAt, type Place } from '../../yaml/index.ts';
import { needsOf } from '../deferred/deferred.ts';
import type { ConfigFiles } from '../source/files.ts';
import { hclFile, tfvarsFile } from './hcl.ts';

/** What is written into a root module's directory. */
export interface Generated {
  /** Contents by path, relative to that directory. */
  readonly files: Readonly<Record<string, string>>;
  readonly errors: readonly AtmosError[];
}

export interface GeneratedOptions {
  readonly address: string;
  /** The component's sections, evaluated. */
  readonly sections: JsonObject;
  /** The dot of the templates in what is generated. */
  readonly data: () => Value;
  readonly functions: Functions;
  /** Where a part of the sections is set. */
  readonly placeOf: (path: readonly string[]) => Place;
}

/** Files that are ours, or Terraform's alone. */
const TAKEN =
  /^(backend\.tf\.json|providers_override\.tf\.json|.*atmos-deployment\.auto\.tfvars\.json|\.terraform\.lock\.hcl|\.terraform(\/.*)?)$/;

/** What Atmos calls the file of `required_version` and `required_providers`. */
export const VERSIONS = 'terraform_override.tf.json';
/** What OpenTofu reads in its place. From 1.12 on it takes `required_version` in files for both as meant for Terraform, and passes over it. */
export const TOFU_VERSIONS = 'terraform_override.tofu.json';

/**
 * The files that `generate`, `required_version` and `required_providers` of a component ask for. A text is a template; a map is what the file's ending says:
 * HCL, YAML, variables, else JSON. (Atmos, `pkg/terraform/generate`, `pkg/generator/required_providers`.)
 */
export function generatedFiles(options: GeneratedOptions): Generated {
  const files: Record<string, string> = {};
  const errors: AtmosError[] = [];
  const add = (path: readonly string[], name: string, make: () => string): void => {
    try {
      files[name] = make();
    } catch (cause) {
      if (!(cause instanceof Error)) throw cause;
      errors.push(errorAt(options.placeOf(path), `${options.address}: ${path.join('.')}: ${cause.message}`, { code: 'generate', cause }));
    }
  };
  for (const [name, content] of Object.entries(mapIn(options.sections.generate))) {
    if (content === null) continue;
    add(['generate', name], name, () => {
      refuseName(name);
      return written(name, content, options);
    });
  }
  const { required_version: version, required_providers: providers } = options.sections;
  if ((typeof version === 'string' && version !== '') || Object.keys(mapIn(providers)).length > 0) {
    for (const name of options.sections.command === 'tofu' ? [VERSIONS, TOFU_VERSIONS] : [VERSIONS]) {
      add([providers === undefined ? 'required_version' : 'required_providers'], name, () => versionsFile(version, mapIn(providers)));
    }
  }
  return { files, errors };
}

function refuseName(name: string): void {
  const path = join(name);
  if (name === '' || path.startsWith('/') || path === '.' || path === '..' || path.startsWith('../'))
    throw new Error('it is not below the component');
  if (TAKEN.test(path)) throw new Error('this file is reserved: atmos-deployment writes it');
}

function written(name: string, content: Json, options: GeneratedOptions): string {
  if (needsOf(content).length > 0) throw new Error('it reads outputs, which are not known when a release is made');
  const made = rendered(content, options);
  if (typeof made === 'string') return made;
  if (!isObject(made) || Array.isArray(made)) throw new Error('it must be a string or a map');
  const map = made as JsonObject;
  switch (/\.(\w+)$/.exec(name)?.[1]?.toLowerCase()) {
    case 'tf':
    case 'hcl':
      return hclFile(map);
    case 'tfvars':
      return tfvarsFile(map);
    case 'yaml':
    case 'yml':
      return toYaml(map as Value);
    default:
      return prettyJson(map);
  }
}

/** Templates of what is generated are Go's, whatever `templates.settings` say of stacks. */
function rendered(value: Json, options: GeneratedOptions): Json {
  if (typeof value === 'string') {
    if (!value.includes('{{')) return value;
    return render(parseTemplate(value), options.data(), { functions: withFunctions(options.functions), missingKey: 'default' });
  }
  if (Array.isArray(value)) return value.map((item: Json) => rendered(item, options));
  if (!isObject(value) || isRawNumber(value)) return value;
  return Object.fromEntries(Object.entries(value as JsonObject).map(([key, member]) => [key, rendered(member, options)]));
}

function versionsFile(version: Json | undefined, providers: JsonObject): string {
  const without = Object.entries(providers).find(
    ([, provider]) => !isObject(provider) || typeof (provider as JsonObject).source !== 'string',
  );
  if (without !== undefined) throw new Error(`the provider "${without[0]}" has no source`);
  if (needsOf(providers).length > 0) throw new Error('it reads outputs, which are not known when a release is made');
  return prettyJson({
    terraform: {
      ...(typeof version === 'string' && version !== '' ? { required_version: version } : {}),
      ...(Object.keys(providers).length === 0 ? {} : { required_providers: providers }),
    },
  });
}

function mapIn(value: Json | undefined): JsonObject {
  return isObject(value) ? (value as JsonObject) : {};
}

/** Files with those that are generated into a directory over them. */
export function withGenerated(files: ConfigFiles, dir: string, generated: Readonly<Record<string, string>> = {}): ConfigFiles {
  const own = new Map(Object.entries(generated).map(([path, text]) => [join(dir, path), text]));
  if (own.size === 0) return files;
  return {
    get above() {
      return files.above ?? 0;
    },
    async read(path) {
      const text = own.get(path);
      return text === undefined ? files.read(path) : Buffer.from(text);
    },
    async list(below) {
      const here = [...own.keys()].filter((path) => below === '' || path.startsWith(`${below}/`));
      return [...new Set([...(await files.list(below)), ...here])].sort();
    },
  };
}
