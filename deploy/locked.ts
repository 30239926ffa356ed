import { AtmosError } from '../engine/index.ts';
import type { Release } from '../releases/index.ts';

/** `metadata.locked: true` keeps a component as it is; `subjects` are those that would be changed, with their releases. @throws AtmosError `component-locked` */
export function refuseLocked(subjects: ReadonlyMap<string, Release>): void {
  const locked = [...subjects].flatMap(([address, { config }]) => (config.components[address]?.settings.locked === true ? [address] : []));
  if (locked.length === 0) return;
  throw new AtmosError(`${locked.join(', ')} ${locked.length === 1 ? 'is' : 'are'} locked (metadata.locked), and would be changed`, {
    kind: 'refused',
    code: 'component-locked',
    hint: 'set metadata.locked to false, commit, and roll that out; or leave it out: --component names another one',
  });
}
