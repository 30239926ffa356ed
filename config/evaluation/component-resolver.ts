import type { ComponentAddress } from '../../engine/index.ts';
import type { ScopedComponent } from '../model/scope.ts';

/** The components of a target, each resolved when it is first asked for. */
export interface ComponentResolver {
  readonly addresses: readonly ComponentAddress[];
  resolve(address: ComponentAddress): ScopedComponent;
}

/** Each component evaluated once, when it is first asked for. */
export function componentResolverOf(prepared: ReadonlyMap<string, () => ScopedComponent>, addresses: readonly string[]): ComponentResolver {
  const known = new Map<string, ScopedComponent>();
  const underWay: string[] = [];
  return {
    addresses,
    resolve(address) {
      const found = known.get(address);
      if (found !== undefined) return found;
      const evaluate = prepared.get(address);
      if (evaluate === undefined) throw new TypeError(`${address} was not prepared`);
      if (underWay.includes(address))
        throw new Error(`cycle in reads: ${[...underWay.slice(underWay.indexOf(address)), address].join(' → ')}`);
      underWay.push(address);
      try {
        const component = evaluate();
        known.set(address, component);
        return component;
      } finally {
        underWay.pop();
      }
    },
  };
}
