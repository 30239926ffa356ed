/**
 * The kinds of components: what each is made of, phase by phase. A kind is a folder that exports a `ComponentKind`, and a line in `registry.ts`; or an npm
 * package that `atmos.yaml` names (docs/kinds.md). No other room knows one by name.
 *
 * In: nothing. Out: the kinds that come with the program, those of packages, and what reads outputs of components that are somebody else's.
 */
export { loadKinds, loadPackages } from './load.ts';
export { SPECS } from './specs.ts';
export { backendTree, type Elsewhere, expandElsewhere, readerImage } from './terraform/elsewhere.ts';
export { describeProviders, findProviders, impliedMirrors } from './terraform/mirror.ts';
