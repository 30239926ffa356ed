import type { ScopedComponent } from '../../config/index.ts';
import { isObject, type JsonObject } from '../../engine/index.ts';

/** The command lines that a component of such a kind is made of, each for a shell. `null` where there is nothing to do. */
export interface Commands {
  /** The name of the image that all of them run in. */
  readonly image: string;
  /** Files and directories beside its own that it reads, relative to the directory of `atmos.yaml`. */
  readonly inputs: readonly string[];
  /** With a network: what is downloaded. */
  readonly install: string | null;
  /** Without one. What it leaves is what is tested, and rolled out. */
  readonly build: string | null;
  readonly test: string | null;
  /** Exit code 0: nothing would change; 2: something would. Without one, a rollout always has something to do. */
  readonly plan: string | null;
  /** Without one there is nothing to roll out. */
  readonly rollout: string | null;
  readonly destroy: string | null;
  /** Prints the outputs of what runs: an object in JSON. */
  readonly read: string | null;
  /** The names of these outputs. */
  readonly outputs: readonly string[];
  /** Of plan, rollout, destroy and read. */
  readonly network: 'none' | 'bridge' | 'host';
}

/** What components say of themselves under `settings.<kind>`, as `COMMAND_SETTINGS` has it. */
export function commandsIn({ spec, sections }: Pick<ScopedComponent, 'spec' | 'sections'>): Commands {
  const own = isObject(sections.settings) ? (sections.settings as JsonObject)[spec.name] : undefined;
  const settings: { readonly [key: string]: unknown } = isObject(own) ? own : {};
  const text = (key: string): string | null => (typeof settings[key] === 'string' ? settings[key] : null);
  const texts = (key: string): readonly string[] => (Array.isArray(settings[key]) ? settings[key].map(String) : []);
  return {
    image: text('image') ?? '',
    inputs: texts('inputs'),
    install: text('install'),
    build: text('build'),
    test: text('test'),
    plan: text('plan'),
    rollout: text('rollout'),
    destroy: text('destroy'),
    read: text('read'),
    outputs: texts('outputs'),
    network: (text('network') ?? 'bridge') as Commands['network'],
  };
}

/** The form of `Commands` as settings of a component. */
export const COMMAND_SETTINGS = {
  image: { type: 'string', required: true },
  inputs: { type: 'paths' },
  install: { type: 'string' },
  build: { type: 'string' },
  test: { type: 'string' },
  plan: { type: 'string', needs: 'rollout' },
  rollout: { type: 'string', needs: 'destroy' },
  destroy: { type: 'string', needs: 'rollout' },
  read: { type: 'string', needs: ['outputs', 'rollout'] },
  outputs: { type: 'strings', needs: 'read' },
  network: { type: ['none', 'bridge', 'host'] },
} as const;
