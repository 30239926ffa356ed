import { isObject } from '../engine/index.ts';
import type { Scope, ScopedComponent } from './scope.ts';

/**
 * A scope without the components that `metadata.enabled: false` takes out of what is declared. What depends on one of them depends on what that one
 * depended on.
 */
export function withoutDisabled(scope: Scope): Scope {
  const all = Object.values(scope.components);
  const disabled = new Map(all.filter(isDisabled).map((component) => [component.address, component]));
  if (disabled.size === 0) return scope;
  const through = (addresses: readonly string[], seen: ReadonlySet<string> = new Set()): readonly string[] =>
    addresses.flatMap((address) => {
      const other = disabled.get(address);
      if (other === undefined) return [address];
      return seen.has(address) ? [] : through(other.dependsOn, new Set([...seen, address]));
    });
  const enabled = all
    .filter(({ address }) => !disabled.has(address))
    .map((component) => ({ ...component, dependsOn: [...new Set(through(component.dependsOn))].sort() }));
  return { ...scope, components: Object.fromEntries(enabled.map((component) => [component.address, component])) };
}

function isDisabled({ sections }: ScopedComponent): boolean {
  return isObject(sections.metadata) && sections.metadata.enabled === false;
}
