import { AtmosError, allSettled, findCycle, type JsonObject } from '../../engine/index.ts';
import type { Value } from '../../gotemplate/index.ts';
import { errorAt, type History, type LocatedMap, mapOf, member, mergeAll, merger, type Place, plain } from '../../yaml/index.ts';
import { needsOf } from '../deferred/deferred.ts';
import { isRead, readName, readNeed } from '../deferred/read-need.ts';
import { checkReads } from '../deployment/enabled.ts';
import { limitsOf } from '../deployment/limits.ts';
import type { Deployment } from '../deployment/load.ts';
import { promotionOf } from '../deployment/promotion.ts';
import { componentSections, labelsOf } from '../deployment/sections.ts';
import { userNodes } from '../deployment/user-nodes.ts';
import { componentResolverOf } from '../evaluation/component-resolver.ts';
import type { EvaluationContext } from '../evaluation/context.ts';
import type { ResolveOptions } from '../evaluation/options.ts';
import { Places } from '../evaluation/places.ts';
import { declaredReads, Reads } from '../evaluation/reads.ts';
import { staticOutputsOf, staticsIn } from '../evaluation/static-outputs.ts';
import { StoredOutputs } from '../evaluation/stored-outputs.ts';
import { GIT_FUNCTIONS } from '../functions/git.ts';
import { suggestion } from '../model/nearest.ts';
import type { Scope, ScopedComponent } from '../model/scope.ts';
import type { ConfigSource } from '../project/config-source.ts';
import { kindIn } from '../project/project.ts';
import { recordingFiles } from '../source/files.ts';
import { repositoryOf } from '../source/paths.ts';
import { manifestOf, readManifest } from '../stacks/choose.ts';
import type { FileContext } from '../stacks/file-templates.ts';
import { declaredStacks, ManifestLoader } from '../stacks/imports.ts';
import { DataFiles } from '../values/data-files.ts';
import { evaluate } from '../values/evaluate.ts';
import { hostContextOf } from '../values/host.ts';
import { keepOrigins } from '../values/origins.ts';
import { guardedEnv, secretsOf } from '../values/secrets.ts';
import { bindAll } from './bind-all.ts';
import { prepareComponent, prepareRead } from './component.ts';

/**
 * Resolves one deployment for one target, and nothing else of the repository: opens the declared stacks and what they import, merges, lays the
 * deployment's and the target's sections over, puts the context into declared inputs, evaluates what its components reach.
 * @throws AtmosError with the place of what is wrong.
 */
export async function resolve(
  { files, project, cache }: ConfigSource,
  deployment: Deployment,
  target: string,
  options: ResolveOptions,
): Promise<Scope> {
  if (!deployment.targets.includes(target)) {
    throw new AtmosError(`deployment "${deployment.name}" has no target "${target}"`, {
      kind: 'invalid',
      code: 'unknown-target',
      hint: suggestion(target, deployment.targets, 'targets'),
    });
  }
  const { root } = deployment;
  const own = targetSection(root, target);
  const recorded = recordingFiles(files);
  const data = new DataFiles(recorded.files);
  const guard = guardedEnv(root, target, options.env, options.peek ?? ((variable) => options.env[variable]));
  options.hide?.(guard.values());
  const { host, functions, impure } = hostContextOf(options, project, data, repositoryOf(files), guard);
  const history: History | undefined = options.history === true ? new Map() : undefined;
  const declared = componentSections(root);
  const overlays = componentSections(own);
  const context = contextOf(root, own);
  const { enabled, delimiters, evaluations } = project.templates.settings;
  const statics = new Map<string, () => JsonObject>();
  const reading: EvaluationContext = {
    // JSON, which templates take as it is.
    data: { context: context === undefined ? {} : plain(context) } as Value,
    components: new Set(declared.keys()),
    images: new Set([...declared].flatMap(([address, { kind }]) => (kindIn(project, kind).spec.produces === 'image' ? [address] : []))),
    statics,
    places: new Places(false),
    reads: new Reads(),
    stored: new StoredOutputs(),
    functions,
    host,
    evaluations,
    merger: merger(project.listMergeStrategy),
    // The settings of atmos.yaml are about stacks; templates of the deployment file are always on.
    delimitersOf: (file) => (file === deployment.file ? GO_DELIMITERS : enabled ? delimiters : undefined),
  };
  const loader = new ManifestLoader({ files: recorded.files, project, cache }, { functions, history, call: callerOf(reading) });
  const manifests = await loader.load(declaredStacks([root, own]));
  const evaluation = { ...reading, places: new Places(manifests.length > 1) };
  const prepared = new Map<string, () => ScopedComponent>();
  const siblings = componentResolverOf(prepared, [...declared.keys()]);
  const shared = { project, target, context, files, cache, siblings };
  for (const [address, { name, at, manifest }] of staticsIn(manifests)) {
    if (declared.has(address)) continue;
    statics.set(address, () => staticOutputsOf(siblings.resolve(address)));
    // The deployment does not have it: what is wrong with it matters to those who ask for it.
    const failing = (error: unknown) => () => {
      throw error;
    };
    prepared.set(
      address,
      await prepareComponent({ ...shared, kind: 'terraform', name, at, overlays: [], manifest, evaluation }).catch(failing),
    );
  }
  await allSettled(declaredReads([root, own]), async ({ name, stack, at }) => {
    const others = stack === undefined ? manifests : await loader.load([{ name: stack, at }]);
    const manifest = readManifest(others, name, at);
    const request = { ...shared, context: undefined, kind: 'terraform' as const, name, at, overlays: [], manifest, evaluation };
    const read = await prepareRead(request);
    evaluation.reads.put(read);
    if (read.isStatic) statics.set(readNeed(readName(read), '').component, () => staticOutputsOf(read.resolve()));
  });
  await allSettled(declared, async ([address, { kind, name, section, at }]) => {
    const layers = [section, overlays.get(address)?.section].filter((layer): layer is LocatedMap => layer !== undefined);
    // What its own layers replace is its own affair: stacks are shared.
    const own = history === undefined ? undefined : new Map(history);
    const mine = { ...evaluation, history: own };
    const manifest = manifestOf(manifests, { kind, name, at, inStacks: kindIn(project, kind).spec.inStacks, layers });
    prepared.set(address, await prepareComponent({ ...shared, kind, name, at, overlays: layers, manifest, evaluation: mine }));
  });
  const resolved = await data.evaluate(() => [...declared.keys()].map((address) => siblings.resolve(address)));
  const components = resolved.map((component) => {
    const limits = limitsOf([declared.get(component.address)?.section, overlays.get(component.address)?.section]);
    if (Object.keys(limits).length === 0) return component;
    const limited = { ...component, limits };
    keepOrigins(component, limited);
    return limited;
  });
  const bound = await bindAll(components, declared, recorded.files, cache);
  checkOrder(bound, declared);
  checkReads(bound, declared);
  const phases = userNodes(root, evaluation);
  const sorted = bound.map((component) => [component.address, component] as const).sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    deployment: deployment.name,
    target,
    labels: { ...deployment.labels, ...labelsOf(own) },
    context: (context === undefined ? {} : plain(context)) as JsonObject,
    components: Object.fromEntries(sorted),
    ...readsOf(
      [...bound.map(({ sections }) => sections), ...Object.values(phases).flatMap((nodes) => nodes.map(({ env }) => env))],
      evaluation,
    ),
    phases,
    promotion: promotionOf(own),
    prune: (plain(member(own, 'prune')) ?? plain(member(root, 'prune'))) === true,
    secrets: secretsOf(own),
    files: [...new Set([...recorded.opened(), ...project.files, ...deployment.files])].sort(),
    templated: enabled,
    impure: impure(),
  };
}

/** YAML functions as a file's locals have them: without the values of a component. What only a component can run is left to it. */
function callerOf(evaluation: EvaluationContext): FileContext['call'] {
  return (scalar) => {
    if (scalar.tag === undefined || !RUN_IN_FILES.includes(scalar.tag)) return undefined;
    return evaluate(scalar, { ...evaluation, data: {}, delimitersOf: () => undefined });
  };
}

const RUN_IN_FILES = ['!env', '!exec', '!template', ...Object.keys(GIT_FUNCTIONS)];

const GO_DELIMITERS = { left: '{{', right: '}}' } as const;

function targetSection(root: LocatedMap, target: string): LocatedMap | undefined {
  return mapOf(member(mapOf(member(root, 'targets'), '"targets"'), target), `target "${target}"`);
}

/** The deployment's context under the target's, without what steers the deployment itself. */
function contextOf(root: LocatedMap, target: LocatedMap | undefined): LocatedMap | undefined {
  const shared = mapOf(member(root, 'context'), '"context"');
  const entries = [...(shared?.entries ?? [])].filter(([key]) => key !== 'default_target' && key !== 'promote_by');
  return mergeAll([
    shared === undefined ? undefined : { ...shared, entries: new Map(entries) },
    mapOf(member(target, 'context'), '"context"'),
  ]);
}

/** Components that wait for one another can't be ordered. @throws AtmosError `dependency-cycle` naming the loop. */
function checkOrder(components: readonly ScopedComponent[], declared: ReadonlyMap<string, { readonly at: Place }>): void {
  const loop = findCycle(new Map(components.map(({ address, dependsOn }) => [address, new Set(dependsOn)])));
  if (loop === undefined) return;
  throw errorAt(declared.get(loop[0] ?? '')?.at, `cycle in dependencies: ${loop.join(' → ')}`, {
    code: 'dependency-cycle',
    hint: 'each waits for what its metadata.depends_on names and for what it reads outputs of: remove one of these',
  });
}

/** What of others is read, in some sections. */
function readsOf(sections: readonly JsonObject[], { reads }: EvaluationContext): Pick<Scope, 'reads'> {
  const addresses = [
    ...new Set(
      needsOf(sections)
        .filter(isRead)
        .map(({ component }) => component),
    ),
  ].sort();
  const found = addresses.flatMap((address) => {
    const read = reads.get(address);
    return read === undefined ? [] : [[address, read.settings()] as const];
  });
  return found.length === 0 ? {} : { reads: Object.fromEntries(found) };
}
