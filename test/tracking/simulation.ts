import fc from 'fast-check';
import { expect } from 'vitest';
import { canonicalJson, type Digest, jsonDigest, sha256 } from '../../engine/index.ts';
import {
  type ComponentResult,
  currentComponents,
  dependentsOf,
  destroyWork,
  fold,
  type LedgerRecord,
  type Operation,
  orderOf,
  reversed,
  rolloutWork,
  step,
  type TargetState,
  type WantedComponents,
  withoutLoops,
} from '../../tracking/index.ts';

/** What a deployment file says of a component, as far as it matters here. */
interface Declared {
  readonly name: string;
  readonly version: number;
  readonly reads: readonly string[];
  readonly dependsOn: readonly string[];
}

/** How the components of a command end, in the order in which they are reached; `ok` where nothing is said. */
interface Fate {
  readonly ends: readonly ('ok' | 'apply-fails' | 'plan-fails')[];
  /** The command is killed after so many effects: no outcome is recorded. */
  readonly killAfter: number | undefined;
}

export type Command =
  | { readonly kind: 'declare'; readonly components: readonly Declared[] }
  | { readonly kind: 'revert'; readonly to: number }
  /** Another version of one component. */
  | { readonly kind: 'bump'; readonly component: number }
  | {
      readonly kind: 'rollout';
      readonly all: boolean;
      readonly component: number | undefined;
      readonly prune: boolean;
      readonly fate: Fate;
    }
  | { readonly kind: 'destroy'; readonly component: number | undefined; readonly fate: Fate };

/** One name is the beginning of another's path; an image has nothing to run. */
const NAMES = ['net', 'net/peering', 'image', 'db', 'app'] as const;
const addressOf = (name: string): string => `${name === 'image' ? 'nixpack' : 'terraform'}/${name}`;
const runs = (address: string): boolean => address.startsWith('terraform/');

function mostlyNot<T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.oneof({ weight: 2, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });
}

export function commands(): fc.Arbitrary<Command> {
  const fate = fc.record({
    ends: fc.array(fc.constantFrom('ok', 'ok', 'ok', 'apply-fails', 'plan-fails'), { maxLength: 5 }),
    killAfter: mostlyNot(fc.nat(5)),
  });
  const some = mostlyNot(fc.nat(4));
  const components = fc.uniqueArray(fc.nat(4), { minLength: 1, maxLength: 5 }).chain((indexes) => {
    const sorted = [...indexes].sort();
    return fc.tuple(
      ...sorted.map((index, at) => {
        const earlier = sorted.slice(0, at).map((other) => NAMES[other] as string);
        const readable = earlier.filter((name) => name !== 'image');
        return fc.record({
          name: fc.constant(NAMES[index] as string),
          version: fc.integer({ min: 1, max: 3 }),
          reads: fc.subarray(readable),
          dependsOn: fc.subarray(earlier),
        });
      }),
    );
  });
  return fc.oneof(
    { weight: 3, arbitrary: components.map((all): Command => ({ kind: 'declare', components: all })) },
    { weight: 1, arbitrary: fc.nat(5).map((to): Command => ({ kind: 'revert', to })) },
    { weight: 3, arbitrary: fc.nat(4).map((component): Command => ({ kind: 'bump', component })) },
    {
      weight: 5,
      arbitrary: fc.record({ kind: fc.constant('rollout' as const), all: fc.boolean(), component: some, prune: fc.boolean(), fate }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('destroy' as const), component: some, fate }) },
  );
}

/** A release: what was declared at a time. */
interface Release {
  readonly digest: Digest;
  readonly components: Readonly<Record<string, Declared>>;
}

/** Something in the world, and what made it. */
interface Thing {
  readonly release: Digest;
  readonly whole: boolean;
  readonly version: number;
  /** The outputs that it was made with. */
  readonly upstream: Readonly<Record<string, number>>;
}

/** A target whose resources are simulated, brought about by the model's own decisions and recorded by its own records. */
export class Simulation {
  state: TargetState = fold({ deployment: 'shop', target: 'dev' }, []);
  readonly #records: LedgerRecord[] = [];
  readonly #releases: Release[] = [];
  readonly #world = new Map<string, Thing>();
  #clock = 0;

  run(command: Command): void {
    switch (command.kind) {
      case 'declare':
        this.#declare(command.components);
        return;
      case 'revert': {
        const to = this.#releases[command.to];
        if (to !== undefined) this.#releases.push(to);
        return;
      }
      case 'bump': {
        const declared = Object.values(this.#releases.at(-1)?.components ?? {});
        const at = command.component % Math.max(1, declared.length);
        this.#declare(declared.map((one, index) => (index === at ? { ...one, version: one.version + 1 } : one)));
        return;
      }
      case 'rollout':
        this.#rollout(command);
        return;
      case 'destroy':
        this.#destroy(command);
        return;
      default:
        command satisfies never;
    }
  }

  /** The addresses of what is there. */
  existing(): readonly string[] {
    return [...this.#world.keys()].sort();
  }

  /** As if nobody had ever recorded a component. */
  forget(address: string): void {
    const { [address]: _, ...components } = this.state.components;
    this.state = { ...this.state, components };
  }

  /** The invariants of a target's state. */
  check(): void {
    // Whatever exists stays in the state.
    for (const address of this.#world.keys()) expect(this.state.components, address).toHaveProperty([address]);
    // Destroyed means that nothing is left.
    if (this.state.state === 'destroyed') expect(this.existing()).toEqual([]);
    // The state is what its records say.
    expect(canonicalJson(fold({ deployment: 'shop', target: 'dev' }, this.#records))).toBe(canonicalJson(this.state));
    // Deployed means that all that the release declares runs, and with the outputs that there are now.
    if (this.state.state === 'deployed') this.#checkDeployed();
    // What is current is there, whole, and as it is wanted.
    const release = this.#releases.at(-1);
    const current = currentComponents(this.state, release === undefined ? {} : wantedOf(release));
    for (const address of current) this.#checkRuns(address, release?.components[address]);
  }

  #checkDeployed(): void {
    const release = this.#releases.find(({ digest }) => digest === this.state.release);
    for (const [address, declared] of Object.entries(release?.components ?? {})) this.#checkRuns(address, declared);
  }

  /** A component is there, whole, in a version, and with the outputs that there are now. */
  #checkRuns(address: string, declared: Declared | undefined): void {
    if (!runs(address)) return;
    const thing = this.#world.get(address);
    expect(thing, address).toMatchObject({ whole: true, version: declared?.version });
    for (const name of declared?.reads ?? []) expect(thing?.upstream[addressOf(name)]).toBe(this.#world.get(addressOf(name))?.version);
  }

  #declare(declared: readonly Declared[]): void {
    const components = Object.fromEntries(declared.map((one) => [addressOf(one.name), one]));
    this.#releases.push({ digest: jsonDigest(declared), components });
  }

  #rollout({ all, component, prune, fate }: Extract<Command, { kind: 'rollout' }>): void {
    const release = this.#releases.at(-1);
    if (release === undefined) return;
    const wanted = wantedOf(release);
    const addresses = Object.keys(release.components);
    const asked = component === undefined ? undefined : addresses[component % addresses.length];
    const work = rolloutWork(this.state, wanted, { all, component: asked, prune });
    // One that reads of something that is not there is refused before anything is begun.
    const missing = (release.components[asked ?? '']?.reads ?? []).some(
      (name) => this.state.components[addressOf(name)]?.status !== 'applied',
    );
    if (missing) return;
    this.#change('rollout', release, work, fate);
  }

  #destroy({ component, fate }: Extract<Command, { kind: 'destroy' }>): void {
    const running = Object.keys(this.state.components).sort();
    if (running.length === 0) return;
    const asked = component === undefined ? undefined : running[component % running.length];
    const isNeeded = asked !== undefined && dependentsOf(this.state, asked).length > 0;
    if (!isNeeded) this.#change('destroy', undefined, destroyWork(this.state, asked), fate);
  }

  #change(kind: 'rollout' | 'destroy', release: Release | undefined, work: ReadonlyMap<string, Operation>, fate: Fate): void {
    const before = this.state;
    const subjects = new Map([...work].map(([address, operation]) => [address, this.#subject(address, operation, release)]));
    const intent = [...work].map(([address, operation]): [string, ComponentResult] => [
      address,
      resultOf(subjects.get(address) as Release, address, operation === 'apply' ? 'applying' : 'destroying'),
    ]);
    this.#append(this.#record('intent', release, { components: Object.fromEntries(intent) }));
    const results = this.#perform(work, subjects, release, fate);
    if (results === undefined) return;
    const declared = Object.keys(release?.components ?? {});
    for (const address of declared) results[address] ??= resultOf(release as Release, address, 'up-to-date');
    const gone = Object.keys(results).filter((address) => results[address]?.action === 'destroyed');
    const left = Object.keys(before.components).filter((address) => !gone.includes(address));
    const orphans = kind === 'destroy' ? [] : left.filter((address) => !declared.includes(address)).sort();
    for (const address of orphans) {
      const { release: digest, commit, layer, settings } = before.components[address] as TargetState['components'][string];
      results[address] ??= { ...resultOf(release as Release, address, 'orphaned'), release: digest, commit, layer, settings };
    }
    const failed = Object.values(results).some(({ action }) => action === 'failed' || action === 'not-reached');
    const result = failed ? 'failed' : kind === 'rollout' ? 'deployed' : left.length === 0 ? 'destroyed' : 'partial';
    this.#append(this.#record(kind, release, { components: results, orphans, result, artifacts: release?.digest ?? null }));
  }

  /** What a component is applied, or destroyed, with: a destroy takes what it was last applied, or attempted, with. */
  #subject(address: string, operation: Operation, release: Release | undefined): Release {
    const digest = operation === 'apply' ? release?.digest : this.state.components[address]?.release;
    const found = this.#releases.find((one) => one.digest === digest);
    if (found?.components[address] === undefined) throw new Error(`no release has ${address}`);
    const thing = this.#world.get(address);
    if (operation === 'destroy' && thing !== undefined && this.state.components[address]?.status !== 'pending')
      expect(thing.release).toBe(digest);
    return found;
  }

  /** Changes the world in order; `undefined` when the command is killed on the way. */
  #perform(
    work: ReadonlyMap<string, Operation>,
    subjects: ReadonlyMap<string, Release>,
    release: Release | undefined,
    { ends, killAfter }: Fate,
  ): Record<string, ComponentResult> | undefined {
    const edges: Record<string, readonly string[]> = {};
    for (const [address, { dependsOn, reads }] of Object.entries(release?.components ?? {}))
      edges[address] = [...dependsOn, ...reads].map(addressOf);
    for (const [address, own] of subjects) {
      const { dependsOn = [], reads = [] } = own.components[address] ?? {};
      edges[address] = [...dependsOn, ...reads].map(addressOf);
    }
    const acyclic = withoutLoops(edges);
    const of = (operation: Operation) => (address: string) => runs(address) && work.get(address) === operation;
    const waits = { apply: orderOf(acyclic, of('apply')), destroy: orderOf(reversed(acyclic), of('destroy')) };
    const results: Record<string, ComponentResult> = {};
    const failed = new Set<string>();
    let effects = 0;
    let reached = 0;
    for (const operation of ['apply', 'destroy'] as const) {
      const left = new Set([...work.keys()].filter(of(operation)));
      const cut = operation === 'destroy' && failed.size > 0 && release !== undefined;
      while (left.size > 0) {
        const next = [...left].sort().find((address) => (waits[operation].get(address) ?? []).every((other) => !left.has(other)));
        if (next === undefined) throw new Error('a loop');
        left.delete(next);
        const subject = subjects.get(next) as Release;
        if (cut || (waits[operation].get(next) ?? []).some((other) => failed.has(other))) {
          failed.add(next);
          results[next] = resultOf(subject, next, 'not-reached');
          continue;
        }
        if (effects === killAfter) return undefined;
        const end = ends[reached] ?? 'ok';
        reached += 1;
        if (end === 'plan-fails') {
          failed.add(next);
          results[next] = { ...resultOf(subject, next, 'failed'), error: 'plan: no' };
          continue;
        }
        effects += 1;
        results[next] = this.#effect(operation, next, subject, end === 'ok');
        if (end !== 'ok') failed.add(next);
      }
    }
    if (killAfter !== undefined && effects < killAfter) return undefined;
    for (const [address, operation] of work) {
      if (runs(address)) continue;
      const action = operation === 'apply' ? 'built' : failed.size > 0 ? 'not-reached' : 'destroyed';
      results[address] = resultOf(subjects.get(address) as Release, address, action);
    }
    // Readers were applied with the outputs that there are after all of this.
    return results;
  }

  #effect(operation: Operation, address: string, subject: Release, succeeds: boolean): ComponentResult {
    const { version, reads } = subject.components[address] as Declared;
    const known = this.#world.get(address);
    const state = null;
    if (operation === 'destroy') {
      if (succeeds) this.#world.delete(address);
      else if (known !== undefined) this.#world.set(address, { ...known, release: subject.digest, whole: false });
      return {
        ...resultOf(subject, address, succeeds ? 'destroyed' : 'failed'),
        began: true,
        state,
        error: succeeds ? null : 'destroy: no',
      };
    }
    const upstream = Object.fromEntries(reads.map((name) => [addressOf(name), this.#world.get(addressOf(name))?.version ?? 0]));
    this.#world.set(address, { release: subject.digest, whole: succeeds, version, upstream });
    const digests = Object.fromEntries(Object.entries(upstream).map(([from, of]) => [from, outputsOf(from, of)]));
    if (!succeeds) return { ...resultOf(subject, address, 'failed'), began: true, error: 'apply: no', upstream: digests };
    return { ...resultOf(subject, address, 'applied'), began: true, upstream: digests, outputs: outputsOf(address, version) };
  }

  #record(kind: LedgerRecord['kind'], release: Release | undefined, fields: Partial<LedgerRecord>): LedgerRecord {
    this.#clock += 1;
    return {
      version: 2,
      id: String(this.#clock),
      kind,
      deployment: 'shop',
      target: 'dev',
      release: release?.digest ?? this.state.release,
      commit: release === undefined ? this.state.commit : 'c0ffee',
      dirty: false,
      promotedFrom: null,
      by: { name: 'Ana', email: 'ana@example.com' },
      at: new Date(this.#clock * 1000).toISOString(),
      result: null,
      durationMs: null,
      components: {},
      orphans: [],
      artifacts: null,
      reason: null,
      ...fields,
    };
  }

  #append(record: LedgerRecord): void {
    this.#records.push(record);
    this.state = step(this.state, record);
  }
}

function outputsOf(address: string, version: number): Digest {
  return jsonDigest({ outputs: address, version });
}

function layerOf({ version, reads }: Declared): Digest {
  return jsonDigest({ layer: version, reads });
}

function resultOf({ digest, components }: Release, address: string, action: ComponentResult['action']): ComponentResult {
  const declared = components[address];
  return {
    action,
    release: digest,
    commit: 'c0ffee',
    layer: declared === undefined ? digest : layerOf(declared),
    settings: sha256('settings'),
    changes: null,
    error: null,
    began: false,
    outputs: null,
    upstream: Object.fromEntries((declared?.reads ?? []).map((name) => [addressOf(name), null])),
    dependsOn: [...(declared?.dependsOn ?? []), ...(declared?.reads ?? [])].map(addressOf),
    state: null,
  };
}

function wantedOf({ components }: Release): WantedComponents {
  return Object.fromEntries(
    Object.entries(components).map(([address, declared]) => [
      address,
      { layer: layerOf(declared), settings: sha256('settings'), upstream: declared.reads.map(addressOf) },
    ]),
  );
}
