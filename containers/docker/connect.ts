import type Docker from 'dockerode';
import { type Ability, AtmosError, errorCode } from '../../engine/index.ts';

/** What is known of an engine after the first call to it. */
export interface Engine {
  readonly docker: Docker;
  /** For people: `docker 28.2.2`. */
  readonly name: string;
  /** Names the engine across processes. */
  readonly id: string;
  /** `linux/amd64`. */
  readonly platform: string;
  readonly cpus: number;
  readonly abilities: ReadonlySet<Ability>;
}

/**
 * Connects to the engine that `DOCKER_HOST` names, else to the local one.
 * @throws AtmosError `no-engine` when none answers, with the command that starts one.
 */
export async function connect(): Promise<Engine> {
  // Half of what a start costs: loaded only when a container has to run.
  const { default: Client } = await import('dockerode');
  const docker = new Client();
  try {
    const info: unknown = await docker.info();
    return { docker, ...readInfo(info) };
  } catch (cause) {
    throw noEngine(cause);
  }
}

function readInfo(info: unknown): Omit<Engine, 'docker'> {
  const { ID, OSType, Architecture, NCPU, ServerVersion, ...able } = info as {
    ID?: string;
    OSType?: string;
    Architecture?: string;
    NCPU?: number;
    ServerVersion?: string;
  } & Abilities;
  const architecture = { x86_64: 'amd64', aarch64: 'arm64' }[Architecture ?? ''] ?? Architecture ?? 'unknown';
  return {
    name: `docker ${ServerVersion ?? ''}`.trim(),
    id: ID ?? 'unknown',
    platform: `${OSType ?? 'linux'}/${architecture}`,
    cpus: NCPU ?? 1,
    abilities: abilitiesOf(able),
  };
}

/** What an engine says of its machine. */
interface Abilities {
  readonly MemoryLimit?: boolean;
  readonly CpuCfsQuota?: boolean;
  readonly PidsLimit?: boolean;
  readonly SecurityOptions?: readonly string[] | null;
}

/** An engine accepts limits that its machine can't enforce, with a warning only. */
function abilitiesOf({ MemoryLimit, CpuCfsQuota, PidsLimit, SecurityOptions }: Abilities): ReadonlySet<Ability> {
  const hasSeccomp = SecurityOptions?.some((option) => option.startsWith('name=seccomp')) === true;
  const all: readonly (readonly [Ability, boolean])[] = [
    ['own-network', true],
    ['memory-limit', MemoryLimit === true],
    ['cpu-limit', CpuCfsQuota === true],
    ['pids-limit', PidsLimit === true],
    ['seccomp', hasSeccomp],
  ];
  return new Set(all.flatMap(([ability, has]) => (has ? [ability] : [])));
}

function noEngine(cause: unknown): AtmosError {
  const where = process.env.DOCKER_HOST ?? 'unix:///var/run/docker.sock';
  const denied = errorCode(cause) === 'EACCES';
  return new AtmosError(denied ? `no permission to use the container engine at ${where}` : `no container engine answers at ${where}`, {
    kind: 'environment',
    code: 'no-engine',
    hint: denied
      ? 'add yourself to its group: sudo usermod -aG docker "$USER", then log in again'
      : process.platform === 'darwin'
        ? 'start it: open -a Docker'
        : 'start it: sudo systemctl start docker   (without systemd: sudo dockerd &)',
    cause,
  });
}
