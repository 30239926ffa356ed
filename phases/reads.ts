import { isRead, type Need, storeOf } from '../config/index.ts';
import type { ReleaseComponent } from '../releases/index.ts';

/** The components of its target whose outputs a component reads. */
export function upstreamOf(component: ReleaseComponent): readonly string[] {
  return [...new Set(outputReadsOf(component).map((need) => need.component))].sort();
}

/** What a component reads of outputs of others of its target. */
export function outputReadsOf(component: ReleaseComponent): readonly Need[] {
  return readsIn(component).filter((need) => storeOf(need) === undefined && !isRead(need));
}

/** What a component reads of stores. */
export function storeReadsOf(component: ReleaseComponent): readonly Need[] {
  return readsIn(component).filter((need) => storeOf(need) !== undefined);
}

/** What a component reads of others that are somebody else's. */
export function elsewhereReadsOf(component: ReleaseComponent): readonly Need[] {
  return readsIn(component).filter(isRead);
}

/** `<address>#<field>`; neither holds a `#` before it. */
function readsIn({ reads }: ReleaseComponent): readonly Need[] {
  return reads.map((read) => ({ component: read.slice(0, read.indexOf('#')), field: read.slice(read.indexOf('#') + 1) }));
}
