import { formatProcess, thisProcess } from '../../engine/index.ts';

/** On every container and volume that we make: the process that it belongs to. */
export const OWNER = 'dev.atmos.deployment.owner';
/** On volumes that hold an input tree from one run to the next: its digest. */
export const TREE = 'dev.atmos.deployment.tree';
export const NODE = 'dev.atmos.deployment.node';
/** On containers that change the world: they run to their end, whatever becomes of the process that started them. */
export const EFFECT = 'dev.atmos.deployment.effect';

export function labels(node: string, isEffect = false): Record<string, string> {
  return { [OWNER]: formatProcess(thisProcess()), [NODE]: node, ...(isEffect ? { [EFFECT]: 'yes' } : {}) };
}

/** Lets pass that something is already gone or is being removed by another process. */
export async function ignoreMissing(call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    const status = (error as { statusCode?: number }).statusCode;
    if (status !== 404 && status !== 409 && status !== 304) throw error;
  }
}
