import type { Scope } from '../../config/index.ts';
import { type Digest, outputOf } from '../../engine/index.ts';
import { backendTree, type Elsewhere, expandElsewhere, readerImage } from '../../kinds/index.ts';
import { elsewhereReadsOf, outputValues } from '../../phases/index.ts';
import type { Release } from '../../releases/index.ts';
import type { Values } from '../../stores/index.ts';
import { pinsOfReleases } from '../runs/pins.ts';
import type { Session } from '../runs/session.ts';
import { failureOf } from '../workspace/failure.ts';
import { secretsOf, secretValues } from '../workspace/secrets.ts';
import type { Workspace } from '../workspace/workspace.ts';
import { componentOf } from './instances.ts';

/** Reads what some components of a release read of others that it does not have. */
export async function outputsElsewhere(
  workspace: Workspace,
  session: Session,
  release: Release,
  addresses: Iterable<string>,
  scope: Scope | undefined,
): Promise<Values> {
  const needs = [...addresses].flatMap((address) => elsewhereReadsOf(componentOf(release, address)));
  return readElsewhere(workspace, session, release, new Set(needs.map(({ component }) => component)), scope);
}

/** Reads the outputs of components that are somebody else's, each by a node with the target's secrets. @throws AtmosError what the node says */
export async function readElsewhere(
  workspace: Workspace,
  session: Session,
  release: Release,
  components: ReadonlySet<string>,
  scope?: Scope,
): Promise<Values> {
  if (components.size === 0) return {};
  const { config } = release;
  const { store } = workspace;
  const all: Record<string, Elsewhere> = {};
  for (const component of components) {
    const settings = config.reads?.[component];
    const image = settings === undefined ? undefined : config.images[readerImage(settings.command)]?.digest;
    if (settings === undefined || image === undefined)
      throw new TypeError(`release ${release.digest} does not say how ${component} is read`);
    all[component] = { settings, image, backend: await backendTree(settings, store) };
  }
  session.images.admit(await pinsOfReleases(workspace, [release]));
  const refs = secretsOf(release);
  const secrets = await secretValues(workspace, { deployment: config.deployment, target: config.target, releases: [release], scope }, refs);
  const results = await session.run('outputs', expandElsewhere(all, refs), secrets);
  const failure = await failureOf(results, workspace, scope);
  if (failure !== undefined) throw failure;
  const get = async (digest: Digest): Promise<Uint8Array> => (await store.get(digest)) ?? new Uint8Array();
  const read = [...components].map(async (component) => {
    const tree = outputOf(results, `${component}/outputs`, 'outputs');
    return [component, tree === undefined ? {} : await outputValues(await store.tree(tree), get)] as const;
  });
  return Object.fromEntries(await Promise.all(read));
}
