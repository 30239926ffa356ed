import { type Need, storeOf } from '../config/index.ts';
import type { ReleaseComponent } from '../releases/index.ts';

/** The components whose outputs a component reads. */
export function upstreamOf(component: ReleaseComponent): readonly string[] {
  return [...new Set(outputReadsOf(component).map((need) => need.component))].sort();
}

/** What a component reads of others' outputs. */
export function outputReadsOf(component: ReleaseComponent): readonly Need[] {
  return readsIn(component).filter((need) => storeOf(need) === undefined);
}

/** What a component reads of stores. */
export function storeReadsOf(component: ReleaseComponent): readonly Need[] {
  return readsIn(component).filter((need) => storeOf(need) !== undefined);
}

/** `<address>#<field>`; neither holds a `#` before it. */
function readsIn({ reads }: ReleaseComponent): readonly Need[] {
  return reads.map((read) => ({ component: read.slice(0, read.indexOf('#')), field: read.slice(read.indexOf('#') + 1) }));
}
