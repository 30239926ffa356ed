import type { KindSpec, KindSpecs } from '../config/index.ts';
import { KINDS } from './kinds.ts';

/** Kinds of Atmos, and of deployment files to come, that are described and not deployed. */
const DESCRIBED: readonly KindSpec[] = [
  described('helm', true, 'helm'),
  described('helmfile', true, 'helmfile'),
  described('packer', true, 'packer'),
  described('lambda', false),
];

function described(name: string, inStacks: boolean, command?: string): KindSpec {
  const spec = { name, inStacks, isModule: false, hasEnvironment: false, source: 'base-path', produces: 'nothing' } as const;
  return command === undefined ? spec : { ...spec, command };
}

/** What configuration knows of all of them. The built program has this as data: resolving needs no code of a kind. */
export const SPECS: KindSpecs = Object.fromEntries(
  [...Object.values(KINDS).map(({ spec }) => spec), ...DESCRIBED].map((spec) => [spec.name, spec]),
);
