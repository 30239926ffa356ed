import type { Digest } from '../../engine/index.ts';
import type { ComponentResult } from '../../tracking/index.ts';

/** What is said of a component that is not touched. */
export function untouched(
  action: ComponentResult['action'],
  release: Digest | null,
  { layer, settings }: Pick<ComponentResult, 'layer' | 'settings'>,
): ComponentResult {
  return {
    action,
    release,
    commit: null,
    layer,
    settings,
    changes: null,
    error: null,
    began: false,
    outputs: null,
    upstream: {},
    dependsOn: [],
    state: null,
  };
}
