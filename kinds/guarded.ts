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
      if (name === 'rollout' && isObject(value))
        return guardedFunctions(value, (part, made) => checkedNode(part, made, value, refuse), refuse);
      return name === 'computes' && isObject(value) ? guardedFunctions(value, undefined, refuse) : value;
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

/** What plans and applies is a node; what it is made of is checked where it runs. */
function checkedNode(name: string, value: unknown, rollout: object, refuse: Refuse): unknown {
  if ((name !== 'plan' && name !== 'apply') || typeof value !== 'function') return value;
  return (...args: unknown[]) => {
    const node: unknown = (value as Called).apply(rollout, args);
    const isNode =
      isObject(node) && typeof node.id === 'string' && Array.isArray(node.inputs) && Array.isArray(node.after) && isObject(node.action);
    if (isNode) return node;
    throw refuse(`returns no node from "rollout.${name}"`);
  };
}

function guardedFunctions<T extends object>(object: T, also: ((name: string, value: unknown) => unknown) | undefined, refuse: Refuse): T {
  return new Proxy(object, {
    get(target, name) {
      const value = gotten(target, name, refuse);
      const meant = also === undefined || typeof name !== 'string' ? value : also(name, value);
      return typeof meant === 'function' ? guardedFunction(target, String(name), meant as Called, refuse) : meant;
    },
  });
}

function gotten(target: object, name: string | symbol, refuse: Refuse): unknown {
  try {
    return Reflect.get(target, name, target);
  } catch (error) {
    throw refuse(`fails in "${String(name)}": ${error instanceof Error ? error.message : String(error)}`, error);
  }
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
