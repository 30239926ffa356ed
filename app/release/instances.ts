import { AtmosError, allSettled, type Digest, shortId } from '../../engine/index.ts';
import type { Instance, Instances, Kinds, RolloutKind } from '../../phases/index.ts';
import type { Release, ReleaseComponent } from '../../releases/index.ts';
import { storeTrees, type Values } from '../../stores/index.ts';
import { stateDirectory } from '../states/state-file.ts';
import { knownValue, quoted, secretsOf } from '../workspace/secrets.ts';
import type { Workspace } from '../workspace/workspace.ts';

/** Data directories that `init` made while the release was made, by address. */
export type Initialized = Readonly<Record<string, Digest>>;

export interface InstanceOptions {
  readonly initialized?: Initialized;
  /** Read what they read of stores, too. */
  readonly stores?: boolean;
  /** What they read of components that are somebody else's. */
  readonly elsewhere?: Values;
}

/**
 * Reads what the nodes of a release's components need beside it, each as its kind says: the trees in their layers, the providers that their modules require.
 * Components that have nothing to run are left out.
 * @throws AtmosError `no-such-component`, `unknown-kind`, `no-store`, `store-unreachable`
 */
export async function instancesOf(
  workspace: Workspace,
  release: Release,
  addresses: Iterable<string>,
  { initialized = {}, stores = false, elsewhere = {} }: InstanceOptions = {},
): Promise<Instances> {
  const { deployment, target, images } = release.config;
  const kinds = await workspace.kinds.load();
  const wanted = [...addresses].flatMap((address) => {
    const component = componentOf(release, address);
    const rollout = rolloutOf(kinds, address, component);
    return rollout === undefined ? [] : [{ address, component, rollout }];
  });
  const run = new Set(wanted.map(({ address }) => address));
  const read = stores ? await storeTrees(workspace, release, run, elsewhere) : {};
  const instances = await allSettled(wanted, async ({ address, component, rollout }): Promise<[string, Instance]> => {
    const layer = release.layers[address];
    const image = images[rollout.image(component.settings)];
    if (layer === undefined || image === undefined) throw new TypeError(`release ${release.digest} has no layer or image of ${address}`);
    const { store, cache, providers } = workspace;
    const secrets = secretsOf(release, component);
    const opened = await rollout.open({
      component,
      layer,
      store,
      cache,
      providers,
      secrets,
      prepared: initialized[address],
      owner: `${deployment}/${target}`,
      knownValue,
    });
    return [
      address,
      {
        ...opened,
        address,
        component,
        rollout,
        layer,
        image: image.digest,
        secrets: secrets.map((ref) => (opened.expressions.has(ref.name) ? quoted(ref) : ref)),
        stores: read[address],
        stateDir: stateDirectory({ deployment, target }, address),
      },
    ];
  });
  return Object.fromEntries(instances);
}

/** How a component of a release is rolled out; `undefined` where there is nothing to run. @throws AtmosError `unknown-kind` */
function rolloutOf(kinds: Kinds, address: string, component: ReleaseComponent): RolloutKind | undefined {
  const { rollout } = kindOfRelease(kinds, address, component);
  return rollout?.runs?.(component.settings) === false ? undefined : rollout;
}

/** Whether a component of a release has something to roll out. @throws AtmosError `unknown-kind` */
export function hasRollout(kinds: Kinds, address: string, component: ReleaseComponent): boolean {
  return rolloutOf(kinds, address, component) !== undefined;
}

/** The kind of a component of a release. @throws AtmosError `unknown-kind` where it is of a package that is not named here any more */
function kindOfRelease(kinds: Kinds, address: string, { kind }: ReleaseComponent) {
  const found = Object.hasOwn(kinds, kind) ? kinds[kind] : undefined;
  if (found !== undefined) return found;
  throw new AtmosError(`${address}: kind "${kind}" is not available`, {
    kind: 'invalid',
    code: 'unknown-kind',
    hint: `name its package in atmos.yaml: deployments: { kinds: { ${kind}: … } }`,
  });
}

/** @throws AtmosError `no-such-component` */
export function componentOf({ config, digest }: Release, address: string): ReleaseComponent {
  const component = config.components[address];
  if (component !== undefined) return component;
  throw new AtmosError(`release ${shortId(digest)} has no component ${address}, though the ledger says that it was applied with it`, {
    kind: 'failed',
    code: 'no-such-component',
    hint: `look at both: atmos-deployment release show ${shortId(digest)}, atmos-deployment history ${config.deployment} --target ${config.target}`,
  });
}
