import { basename } from 'node:path/posix';
import { AtmosError } from '../../engine/index.ts';
import { errorAt, type Located, type LocatedMap, mapOf, member, parseYaml, textOf } from '../../yaml/index.ts';
import { suggestion } from '../model/nearest.ts';
import type { ConfigSource } from '../project/config-source.ts';
import { recordingFiles } from '../source/files.ts';
import { resolveIncludes } from '../stacks/include.ts';
import { checkKinds } from './check-kinds.ts';
import { checkReferences } from './check-references.ts';
import { checkSchema } from './check-schema.ts';
import { schemaId } from './schema-id.ts';
import { labelsOf } from './sections.ts';

/** A deployment file that holds by its schema and in itself. */
export interface Deployment {
  readonly name: string;
  /** Relative to the root. */
  readonly file: string;
  /** The file, and those that it includes. */
  readonly files: readonly string[];
  /** What stands under `deployment`. */
  readonly root: LocatedMap;
  /** `default` alone when the file names none. */
  readonly targets: readonly string[];
  readonly defaultTarget: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
}

export interface DeploymentSummary {
  readonly name: string;
  readonly file: string;
  readonly targets: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

/** What the cache keeps of a file in which nothing is wrong. */
const HOLDS = 'holds';
const PURPOSE = 'deployment';
/** Counts up when a rule changes that is not in the schema. */
const RULES = 2;

/** The deployments of a repository, by name. One whose file does not hold is listed by its file's name, without targets. */
export async function listDeployments(source: ConfigSource): Promise<readonly DeploymentSummary[]> {
  const summaries: DeploymentSummary[] = [];
  for (const file of await deploymentFiles(source)) {
    const name = basename(file, '.yaml');
    try {
      const { targets, labels } = await loadDeployment(source, name);
      summaries.push({ name, file, targets, labels });
    } catch (error) {
      if (!(error instanceof AtmosError)) throw error;
      summaries.push({ name, file, targets: [], labels: {} });
    }
  }
  return summaries;
}

async function deploymentFiles({ files, project }: ConfigSource): Promise<readonly string[]> {
  const { basePath: base } = project.deployments;
  return (await files.list(base)).filter(
    (path) => path.endsWith('.yaml') && !path.endsWith('.lock.yaml') && !path.slice(base.length + 1).includes('/'),
  );
}

/**
 * Reads `deployments/<name>.yaml`. A file that the cache knows to hold is not checked again.
 * @throws AtmosError `unknown-deployment`; else the first error of the file, with the others in `others`.
 */
export async function loadDeployment(source: ConfigSource, name: string): Promise<Deployment> {
  const { files, project, cache } = source;
  const file = `${project.deployments.basePath}/${name}.yaml`;
  const content = /^[\w-]+$/.test(name) ? await files.read(file) : undefined;
  if (content === undefined) {
    const names = (await deploymentFiles(source)).map((path) => basename(path, '.yaml'));
    throw new AtmosError(`there is no deployment "${name}" (${file})`, {
      kind: 'invalid',
      code: 'unknown-deployment',
      hint: suggestion(name, names, 'deployments'),
    });
  }
  const kinds = Object.keys(project.components);
  const included = recordingFiles(files);
  const written = await parseYaml(file, content, cache);
  const from = { files: included.files, base: project.basePath, cache };
  const document = written.kind === 'map' ? await resolveIncludes(written, from) : written;
  const checked = Buffer.concat([Buffer.from(JSON.stringify([RULES, schemaId(), name, kinds])), content]);
  // What it includes may change without it.
  const isKnownToHold = included.opened().length === 0 && cache?.get(PURPOSE, checked) === HOLDS;
  const [first, ...others] = isKnownToHold ? [] : await checkDeployment(document, name, kinds);
  if (first !== undefined) {
    throw new AtmosError(first.message, { kind: 'invalid', code: first.code, position: first.position, hint: first.hint, others });
  }
  if (!isKnownToHold && included.opened().length === 0) await cache?.put(PURPOSE, checked, HOLDS);
  const root = mapOf(member(document, 'deployment'), '"deployment"');
  if (root === undefined) throw errorAt(document.at, '"deployment" is empty', { code: 'missing-key' });
  const targets = [...(mapOf(member(root, 'targets'), '"targets"')?.entries.keys() ?? ['default'])];
  return {
    name,
    file,
    files: [file, ...included.opened()],
    root,
    targets,
    defaultTarget:
      textOf(member(member(root, 'context'), 'default_target'), '"default_target"') ?? (targets.length === 1 ? targets[0] : undefined),
    labels: labelsOf(root),
  };
}

/** Everything that is wrong with the file by itself, in its order. */
async function checkDeployment(document: Located, name: string, kinds: readonly string[]): Promise<readonly AtmosError[]> {
  const ofSchema = await checkSchema(document);
  try {
    const line = ({ position }: AtmosError): number => position?.line ?? 0;
    return [...ofSchema, ...checkKinds(document, kinds), ...checkReferences(document, name)].sort((a, b) => line(a) - line(b));
  } catch (error) {
    // Where the form is wrong, names can't be looked up; the schema has said so.
    if (error instanceof AtmosError && ofSchema.length > 0) return ofSchema;
    throw error;
  }
}
