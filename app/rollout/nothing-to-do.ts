import type { Digest } from '../../engine/index.ts';
import { orphansOf, type TargetState, type WantedComponents } from '../../tracking/index.ts';
import { untouched } from '../target/untouched.ts';
import type { Changed } from './target-change.ts';

/** The answer where the target runs this very release: what would be recorded, and is not. */
export function nothingToDo(state: TargetState, release: Digest, wanted: WantedComponents, ran: boolean): Changed {
  const { deployment, target } = state;
  const components = Object.entries(wanted).map(([address, own]) => [address, untouched('up-to-date', release, own)] as const);
  const orphans = orphansOf(state, Object.keys(wanted));
  const answer = {
    deployment,
    target,
    release,
    components: Object.fromEntries(components),
    orphans,
    record: undefined,
    plans: {},
    warnings: {},
  };
  return { ...answer, failure: undefined, ran };
}
