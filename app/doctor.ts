import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { openImages, openRuntime, RUNTIMES } from '../containers/index.ts';
import { ABILITIES, type Ability, AtmosError, openStore } from '../engine/index.ts';

/** Something that this program uses of a machine. */
export interface Finding {
  readonly what: string;
  /** `undefined` when it is not there, or does not work. */
  readonly version: string | undefined;
  /** Without it nothing goes: Git; and one of the runtimes. */
  readonly isNeeded: boolean;
  readonly reason?: string;
  /** The command that mends it. */
  readonly hint?: string | undefined;
  /** Of a runtime: what it enforces here, and what it does not. */
  readonly enforces?: readonly Ability[];
  readonly lacks?: readonly Ability[];
}

export interface Diagnosis {
  readonly findings: readonly Finding[];
  /** What `auto` takes; `undefined` when no runtime works. */
  readonly runtime: string | undefined;
  /** Whether deployments can be run here. */
  readonly isFit: boolean;
}

/** Looks at what this machine has of what deployments need, by trying it. */
export async function diagnose(): Promise<Diagnosis> {
  const dir = mkdtempSync(join(process.getBuiltinModule('node:os').tmpdir(), 'atmos-doctor-'));
  const store = openStore(dir);
  try {
    const git = program('git', ['--version'], true, 'sudo apt-get install git');
    const runtimes: Finding[] = [];
    for (const name of RUNTIMES.filter((one) => one !== 'auto')) {
      try {
        const runtime = await openRuntime(name, openImages(store, []));
        const { abilities, remedy } = runtime;
        await runtime.close();
        runtimes.push({
          what: name,
          version: runtime.name.slice(name.length + 1),
          isNeeded: false,
          enforces: ABILITIES.filter((ability) => abilities.has(ability)),
          lacks: ABILITIES.filter((ability) => !abilities.has(ability)),
          hint: remedy,
        });
      } catch (error) {
        if (!(error instanceof AtmosError)) throw error;
        runtimes.push({ what: name, version: undefined, isNeeded: false, reason: error.message, hint: error.hint });
      }
    }
    const tools = [
      program('terraform', ['version'], false, 'https://developer.hashicorp.com/terraform/install'),
      program('tofu', ['version'], false, 'https://opentofu.org/docs/intro/install'),
      program('slirp4netns', ['--version'], false, 'sudo apt-get install slirp4netns'),
      program('busybox', ['--help'], false, 'sudo apt-get install busybox-static'),
    ];
    const runtime = runtimes.find(({ version }) => version !== undefined)?.what;
    return { findings: [git, ...runtimes, ...tools], runtime, isFit: git.version !== undefined && runtime !== undefined };
  } finally {
    await store.close();
    rmSync(dir, { recursive: true, force: true });
  }
}

function program(name: string, args: readonly string[], isNeeded: boolean, hint: string): Finding {
  // Loaded when it is asked for: this file lies beside what every command loads.
  const { execFileSync } = process.getBuiltinModule('node:child_process');
  try {
    // What it says of the user's own settings is none of ours.
    const env = { ...process.env, TF_CLI_CONFIG_FILE: '/dev/null', CHECKPOINT_DISABLE: '1' };
    const said = execFileSync(name, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], env });
    return { what: name, version: /\d+(?:\.\d+)+/.exec(said)?.[0] ?? 'there', isNeeded };
  } catch {
    return { what: name, version: undefined, isNeeded, reason: `${name} is not installed`, hint };
  }
}
