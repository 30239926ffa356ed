import type Docker from 'dockerode';
import { type Ability, AtmosError, errorCode } from '../../engine/index.ts';
import type { EngineName } from '../system/engines.ts';
import { addressOf, socketOptions } from './address.ts';

/** How long a connection may be idle, in milliseconds: whatever is sent or received begins that anew. */
const SILENCE = 25_000;

/** What is known of an engine after the first call to it. */
export interface Engine {
  readonly docker: Docker;
  /** The same engine by connections that may be idle: what containers print. */
  readonly streams: Docker;
  /** How it was asked for; it may be the other one, which a socket does not tell. */
  readonly kind: EngineName;
  readonly isPodman: boolean;
  /** Run by an ordinary user, as whom its containers' root appears. */
  readonly isRootless: boolean;
  /** The program of people's, by which they reach this engine. */
  readonly program: readonly string[];
  /** For people: `docker 28.2.2`. */
  readonly name: string;
  /** Names the engine across processes. */
  readonly id: string;
  /** How it is reached. */
  readonly address: string;
  /** `linux/amd64`. */
  readonly platform: string;
  readonly cpus: number;
  readonly abilities: ReadonlySet<Ability>;
  /** Ends the way to it. */
  close(): Promise<void>;
}

/**
 * Connects to the engine that is meant (`addressOf`).
 * @throws AtmosError `no-engine` when none answers, with the command that starts one.
 */
export async function connect(kind: EngineName): Promise<Engine> {
  // Half of what a start costs: loaded only when a container has to run.
  const { default: Client } = await import('dockerode');
  const { url, options } = addressOf(kind);
  const tunnel = url.startsWith('ssh:') ? await (await import('./ssh.ts')).Tunnel.open(kind, url) : undefined;
  const close = async (): Promise<void> => tunnel?.close();
  try {
    const way = tunnel === undefined ? options : socketOptions(tunnel.socketPath);
    const docker = new Client({ ...way, timeout: SILENCE });
    const streams = new Client(way);
    const { isPodman, able, ...said } = readInfo(await docker.info(), kind, url);
    const program = kind === 'docker' ? ['docker'] : ['podman', '--url', url];
    const controllers = isPodman && able.CgroupVersion === '2' ? await controllersOf(docker) : undefined;
    return { docker, streams, kind, program, isPodman, ...said, address: url, abilities: abilitiesOf(able, controllers), close };
  } catch (cause) {
    await close();
    throw noEngine(kind, url, cause, tunnel?.complaint);
  }
}

/** The controllers of cgroup v2 that Podman may use: in Docker's language it tells only of the first version's. */
async function controllersOf(docker: Docker): Promise<ReadonlySet<string>> {
  const { host } = await new Promise<{ host?: { cgroupControllers?: readonly string[] | null } }>((resolve, reject) => {
    docker.modem.dial({ path: '/v4.0.0/libpod/info', method: 'GET', statusCodes: { 200: true } }, (error, answer) =>
      error ? reject(error as Error) : resolve(answer as object),
    );
  });
  return new Set(host?.cgroupControllers ?? []);
}

type Said = Omit<Engine, 'docker' | 'streams' | 'kind' | 'program' | 'address' | 'abilities' | 'close'> & { readonly able: Abilities };

function readInfo(info: unknown, kind: EngineName, url: string): Said {
  const { ID, OSType, Architecture, NCPU, ServerVersion, BuildahVersion, ...able } = info as {
    ID?: string;
    OSType?: string;
    Architecture?: string;
    NCPU?: number;
    ServerVersion?: string;
    /** Podman has one. */
    BuildahVersion?: string;
  } & Abilities;
  const architecture = { x86_64: 'amd64', aarch64: 'arm64' }[Architecture ?? ''] ?? Architecture ?? 'unknown';
  return {
    name: `${kind} ${ServerVersion ?? ''}`.trim(),
    isPodman: BuildahVersion !== undefined,
    isRootless: isRootless(able),
    // Podman makes one up for each answer.
    id: BuildahVersion !== undefined || ID === undefined ? `${kind} at ${url}` : ID,
    platform: `${OSType ?? 'linux'}/${architecture}`,
    cpus: NCPU ?? 1,
    able,
  };
}

/** What an engine says of its machine. */
interface Abilities {
  readonly MemoryLimit?: boolean;
  readonly CpuCfsQuota?: boolean;
  readonly PidsLimit?: boolean;
  readonly SecurityOptions?: readonly string[] | null;
  /** Podman's own. */
  readonly Rootless?: boolean;
  readonly CgroupVersion?: string;
}

function isRootless({ SecurityOptions, Rootless }: Abilities): boolean {
  return Rootless === true || SecurityOptions?.some((option) => option.startsWith('name=rootless')) === true;
}

/** An engine accepts limits that its machine can't enforce, with a warning only. `controllers`: where it tells them better than by its abilities. */
function abilitiesOf(able: Abilities, controllers: ReadonlySet<string> | undefined): ReadonlySet<Ability> {
  const { MemoryLimit, CpuCfsQuota, PidsLimit, SecurityOptions, CgroupVersion } = able;
  // An ordinary user can be given limits in control groups of the second version alone; engines say what the machine has.
  const hasGroups = !isRootless(able) || CgroupVersion === '2';
  const hasSeccomp = SecurityOptions?.some((option) => option.startsWith('name=seccomp')) === true;
  const all: readonly (readonly [Ability, boolean])[] = [
    ['own-network', true],
    ['memory-limit', controllers?.has('memory') ?? (hasGroups && MemoryLimit === true)],
    ['cpu-limit', controllers?.has('cpu') ?? (hasGroups && CpuCfsQuota === true)],
    ['pids-limit', controllers?.has('pids') ?? (hasGroups && PidsLimit === true)],
    ['seccomp', hasSeccomp],
    // Commands of root's run as nobody.
    ['no-root', true],
  ];
  return new Set(all.flatMap(([ability, has]) => (has ? [ability] : [])));
}

function noEngine(kind: EngineName, address: string, cause: unknown, complaint?: string): AtmosError {
  const denied = errorCode(cause) === 'EACCES';
  const message = denied
    ? `no permission to use ${NAMES[kind]} at ${address}`
    : `no ${NAMES[kind]} answers at ${address}${complaint === undefined ? '' : `: ${complaint}`}`;
  return new AtmosError(message, { kind: 'environment', code: 'no-engine', hint: startOf(kind, denied), cause });
}

const NAMES = { docker: 'container engine', podman: 'Podman' } as const;

/** What makes an engine answer. */
function startOf(kind: EngineName, denied: boolean): string {
  if (kind === 'podman') {
    return process.getuid?.() === 0
      ? 'start its socket: systemctl start podman.socket   (without systemd: podman system service --time 0 &)'
      : 'start its socket: systemctl --user start podman.socket   (without systemd: podman system service --time 0 &)';
  }
  if (denied) return 'add yourself to its group: sudo usermod -aG docker "$USER", then log in again';
  return process.platform === 'darwin'
    ? 'start it: open -a Docker'
    : 'start it: sudo systemctl start docker   (without systemd: sudo dockerd &)';
}
