import { type Located, member, plain } from '../../yaml/index.ts';
import type { NodeLimits } from '../model/scope.ts';

const MIB: Readonly<Record<string, number>> = { MiB: 1, GiB: 1024, MB: 1e6 / 2 ** 20, GB: 1e9 / 2 ** 20 };

/** `limits` of a component or a node, which the schema has checked; of several sections the last one that says a limit counts. */
export function limitsOf(sections: readonly (Located | undefined)[]): NodeLimits {
  const found: { memoryMiB?: number; cpus?: number; pids?: number } = {};
  for (const section of sections) {
    const limits = member(section, 'limits');
    const memory = plain(member(limits, 'memory'));
    const cpus = plain(member(limits, 'cpus'));
    const pids = plain(member(limits, 'pids'));
    if (typeof memory === 'string') found.memoryMiB = mebibytes(memory);
    if (typeof cpus === 'number') found.cpus = cpus;
    if (typeof pids === 'number') found.pids = pids;
  }
  return found;
}

function mebibytes(text: string): number {
  const [, count = '0', unit = 'MiB'] = /^(\d+)(\w+)$/.exec(text) ?? [];
  return Math.max(1, Math.floor(Number(count) * (MIB[unit] ?? 1)));
}
