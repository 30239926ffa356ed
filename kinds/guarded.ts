import { AtmosError, isObject } from '../engine/index.ts';
import type { ComponentKind, ReleaseContext } from '../phases/index.ts';

/** An error of a package: what it does wrong, and what it threw. */
type Refuse = (text: string, cause?: unknown) => AtmosError;

type Called = (...args: unknown[]) => unknown;

/** A kind of a package: what its functions throw is an error of the package, not an internal one, and the layers that it makes are checked. */
export function guarded(kind: ComponentKind, refuse: Refuse): ComponentKind {
  return guardedFunctions(
    kind,
    (name, value) => {
      if (name === 'layer') return checkedLayer(kind, value as ComponentKind['layer'], refuse) as Called;
      return (name === 'rollout' || name === 'computes') && isObject(value) ? guardedFunctions(value, undefined, refuse) : value;
    },
    refuse,
  );
}

function checkedLayer(kind: ComponentKind, layer: ComponentKind['layer'], refuse: Refuse): ComponentKind['layer'] {
  return (component, context: ReleaseContext) => {
    const nodes: unknown = layer.call(kind, component, context);
    const synth = `${component.address}/synth`;
    if (Array.isArray(nodes) && nodes.some((node) => isObject(node) && node.id === synth)) return nodes;
    throw refuse(`returns no node ${synth} as a layer`);
  };
}

function guardedFunctions<T extends object>(object: T, also: ((name: string, value: unknown) => unknown) | undefined, refuse: Refuse): T {
  return new Proxy(object, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      const meant = also === undefined || typeof name !== 'string' ? value : also(name, value);
      return typeof meant === 'function' ? guardedFunction(target, String(name), meant as Called, refuse) : meant;
    },
  });
}

function guardedFunction(object: object, name: string, called: Called, refuse: Refuse): Called {
  const told = (error: unknown): unknown =>
    error instanceof AtmosError ? error : refuse(`fails in "${name}": ${error instanceof Error ? error.message : String(error)}`, error);
  return (...args) => {
    try {
      const result = called.apply(object, args);
      if (!(result instanceof Promise)) return result;
      return result.catch((error: unknown) => {
        throw told(error);
      });
    } catch (error) {
      throw told(error);
    }
  };
}
