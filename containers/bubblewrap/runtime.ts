import { join } from 'node:path';
import {
  type Ability,
  type Cancellation,
  collects,
  type ExecResult,
  type NodeIo,
  type ResolvedExec,
  type Runtime,
  type Store,
} from '../../engine/index.ts';
import type { ImageStore, StoredImage } from '../images/store.ts';
import { materialize } from '../runs/binds.ts';
import { makeRunDirectory } from '../runs/directory.ts';
import type { Bind } from '../system/bind.ts';
import { storedFile } from '../system/stored-file.ts';
import { Cgroups } from './cgroups.ts';
import { runSandbox } from './command.ts';
import { closeInherited } from './descriptors.ts';
import { runEffect } from './effect.ts';
import { FILTER_FD, Launcher } from './launcher.ts';
import { Networks } from './network.ts';
import { ownAddresses, textsOfFiles, unnamed } from './own-addresses.ts';
import { type Bubblewrap, findBubblewrap, onPath } from './probe.ts';
import { environmentArguments, sandboxArguments, shellArguments } from './sandbox.ts';
import { seccompFilter } from './seccomp.ts';
import { type SandboxUser, sandboxUsers } from './user.ts';

/**
 * Nodes as bubblewrap sandboxes: one process a node, no daemon, no root, nothing to clean up. Inputs are read-only binds of directories in the
 * store, outputs directories of ours. A sandbox ends with this process, however that ends, unless it changes
 * the world: then it goes on to its end, and its run directory says where it is.
 * `expected` nodes are about to run at once.
 * @throws AtmosError `no-bubblewrap`, `no-user-namespaces`
 */
export async function bubblewrapRuntime(images: ImageStore, expected: number): Promise<Runtime> {
  closeInherited();
  // Tried beside one another: who runs commands is nearly always who is tried first.
  const [first] = sandboxUsers(onPath('unshare'));
  const [bubblewrap, likely, cgroups] = await Promise.all([findBubblewrap(), Networks.find(first), Cgroups.find()]);
  const { user } = bubblewrap;
  const networks = user.isAnother === first.isAnother ? likely : await Networks.find(user);
  const launcher = new Launcher(cgroups, { prelude: user.prelude, apart: user.isAnother ? networks?.apart : undefined });
  launcher.prepare(expected);
  return new BubblewrapRuntime(bubblewrap, networks, cgroups, launcher, images);
}

const FILTER = seccompFilter();

class BubblewrapRuntime implements Runtime {
  readonly name: string;
  readonly abilities: ReadonlySet<Ability>;
  readonly remedy: string | undefined;
  readonly platform = `linux/${process.arch === 'x64' ? 'amd64' : process.arch}`;
  readonly #path: string;
  readonly #user: SandboxUser;
  readonly #networks: Networks | undefined;
  readonly #images: ImageStore;
  readonly #cgroups: Cgroups;
  readonly #launcher: Launcher;
  #filter: Promise<string> | undefined;
  #names: Promise<string> | undefined;

  constructor(
    { path, version, user }: Bubblewrap,
    networks: Networks | undefined,
    cgroups: Cgroups,
    launcher: Launcher,
    images: ImageStore,
  ) {
    this.name = `bubblewrap ${version}`;
    this.abilities = new Set([
      ...(FILTER === undefined ? [] : ['seccomp' as const]),
      ...(user.owner.uid === 0 ? [] : ['no-root' as const]),
      ...(networks === undefined ? [] : ['own-network' as const]),
      ...(networks?.isNarrow === true ? (['no-link-local', 'no-own-address'] as const) : []),
      ...cgroups.abilities,
    ]);
    this.remedy = cgroups.remedy;
    this.#cgroups = cgroups;
    this.#user = user;
    this.#launcher = launcher;
    this.#path = path;
    this.#networks = networks;
    this.#images = images;
  }

  async run(step: ResolvedExec, io: NodeIo, cancellation: Cancellation): Promise<ExecResult> {
    const image = await this.#images.get(step.exec.image);
    const rootfs = await io.store.checkOut(image.rootfs);
    const { effect } = step.exec;
    const run = effect === undefined ? undefined : await makeRunDirectory(io.runsRoot, effect);
    const laid = await materialize(step, io, this.#user.owner, run);
    try {
      const filter = await this.#filterFile(io.store);
      const networks = step.exec.network === 'bridge' ? this.#networks?.closedTo(outOfReach(step, io.secrets, laid.binds)) : undefined;
      const names = networks === undefined ? undefined : await this.#namesFile(networks, io.store);
      // What outlives this process makes a network of its own.
      const isApart = this.#launcher.isApart && run === undefined;
      const args = sandboxArguments(step, rootfs, laid.binds, this.#user, { hasFilter: filter !== undefined, resolvConf: names, isApart });
      const env = environment(image, step);
      const network = step.exec.network === 'none' ? 'none' : (networks ?? 'host');
      const confinement = { filter, limits: step.exec.limits, network } as const;
      const words = environmentArguments({ ...env, ...io.secrets });
      const { exitCode, hit } =
        run === undefined
          ? await runSandbox(this.#launcher, [this.#path, '--die-with-parent', ...args], words, confinement, io, cancellation)
          : await runEffect(this.#path, args, words, confinement, this.#cgroups, this.#user.prelude, run, io, cancellation);
      const outputs = collects(step.exec, exitCode) ? await laid.collect() : {};
      if (io.keepRoot === undefined || step.exec.succeeds.includes(exitCode)) return { exitCode, outputs, hit };
      const kept = laid.keep(io.keepRoot);
      const bwrap = [this.#path, ...shellArguments(step, rootfs, kept.binds, this.#user, env, filter !== undefined, names)];
      const { prelude } = this.#user;
      const shell = prelude === '' ? bwrap : ['/bin/sh', '-c', `${prelude}exec "$@"`, 'sh', ...bwrap];
      const inNetwork = networks === undefined ? shell : networks.within(join(kept.dir, 'network'), shell);
      return { exitCode, outputs, hit, enter: kept.enter(inNetwork, filter === undefined ? {} : { [FILTER_FD]: filter }) };
    } finally {
      await laid.dispose();
    }
  }

  /** `undefined` where there is none for this machine: then the runtime doesn't have the ability either. */
  #filterFile(store: Store): Promise<string> | undefined {
    if (FILTER !== undefined) this.#filter ??= storedFile(store, 'filter', FILTER);
    return this.#filter;
  }

  #namesFile(networks: Networks, store: Store): Promise<string> {
    this.#names ??= networks.resolvConf().then((bytes) => storedFile(store, 'resolv.conf', bytes));
    return this.#names;
  }

  async close(): Promise<void> {
    await this.#launcher.close();
    this.#cgroups.close();
  }
}

function environment({ env }: StoredImage, { exec }: ResolvedExec): Readonly<Record<string, string>> {
  const own = env.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)] as const);
  return { ...Object.fromEntries(own), HOME: '/tmp', ...exec.env };
}

/** This machine's own addresses, but for those that a node's variables or settings name. */
function outOfReach({ exec }: ResolvedExec, secrets: NodeIo['secrets'], binds: readonly Bind[]): readonly string[] {
  const { settings } = exec;
  const bind = binds.find(({ target }) => settings === target || settings?.startsWith(`${target}/`) === true);
  const files = bind === undefined || settings === undefined ? [] : textsOfFiles(join(bind.source, settings.slice(bind.target.length)));
  return unnamed(ownAddresses(), [...Object.values(exec.env), ...Object.values(secrets), ...files]);
}
