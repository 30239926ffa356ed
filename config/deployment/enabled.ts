import { isObject } from '../../engine/index.ts';
import { errorAt, type Place } from '../../yaml/index.ts';
import { needsOf } from '../deferred/deferred.ts';
import type { Scope, ScopedComponent } from '../model/scope.ts';
import { keepOrigins } from '../values/origins.ts';

/**
 * A scope without the components that `metadata.enabled: false` takes out of what is declared. What depends on one of them depends on what that one
 * depended on.
 */
export function withoutDisabled(scope: Scope): Scope {
  const all = Object.values(scope.components);
  const disabled = new Map(all.filter(isDisabled).map((component) => [component.address, component]));
  const isLocked = ({ sections: { metadata } }: ScopedComponent): boolean => isObject(metadata) && metadata.locked === true;
  const locked = all.filter(isLocked).map(({ address }) => address);
  const whole = locked.length === 0 ? scope : { ...scope, locked: locked.sort() };
  if (disabled.size === 0) return whole;
  const through = (addresses: readonly string[], seen: ReadonlySet<string> = new Set()): readonly string[] =>
    addresses.flatMap((address) => {
      const other = disabled.get(address);
      if (other === undefined) return [address];
      return seen.has(address) ? [] : through(other.dependsOn, new Set([...seen, address]));
    });
  const enabled = all
    .filter(({ address }) => !disabled.has(address))
    .map((component) => {
      const enabled = { ...component, dependsOn: [...new Set(through(component.dependsOn))].sort() };
      keepOrigins(component, enabled);
      return enabled;
    });
  const components = Object.fromEntries(enabled.map((component) => [component.address, component]));
  return { ...whole, components, disabled: [...disabled.keys()].sort() };
}

/** What a disabled component would have produced is there for nobody. @throws AtmosError `disabled-component` */
export function checkReads(components: readonly ScopedComponent[], declared: ReadonlyMap<string, { readonly at: Place }>): void {
  const disabled = new Set(components.filter(isDisabled).map(({ address }) => address));
  for (const component of components) {
    if (disabled.has(component.address)) continue;
    const read = needsOf(component.sections).find((need) => disabled.has(need.component));
    if (read === undefined) continue;
    throw errorAt(
      declared.get(component.address)?.at,
      `${component.address} reads "${read.field}" of ${read.component}, which is disabled (metadata.enabled: false)`,
      { code: 'disabled-component', hint: `enable ${read.component}, disable ${component.address} too, or read something else` },
    );
  }
}

function isDisabled({ sections }: ScopedComponent): boolean {
  return isObject(sections.metadata) && sections.metadata.enabled === false;
}
