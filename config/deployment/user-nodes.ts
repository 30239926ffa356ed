import type { JsonObject } from '../../engine/index.ts';
import { itemsOf, type LocatedMap, mapOf, member, plain, textOf } from '../../yaml/index.ts';
import type { EvaluationContext } from '../evaluation/context.ts';
import { PHASES, type PhaseName, type Scope, type UserNode } from '../model/scope.ts';
import { evaluate } from '../values/evaluate.ts';
import { limitsOf } from './limits.ts';

/** The nodes of the user's own that a deployment file has, by phase. */
export function userNodes(root: LocatedMap, evaluation: EvaluationContext): Scope['phases'] {
  const phases = mapOf(member(root, 'phases'), '"phases"');
  const result: Partial<Record<PhaseName, readonly UserNode[]>> = {};
  for (const phase of PHASES) {
    const nodes = itemsOf(member(phases, phase), `"${phase}"`);
    if (nodes.length === 0) continue;
    result[phase] = nodes.map((node) => {
      const env = member(node, 'env');
      return {
        name: textOf(member(node, 'name'), '"name"') ?? '',
        component: textOf(member(node, 'component'), '"component"'),
        image: textOf(member(node, 'image'), '"image"'),
        run: textOf(member(node, 'run'), '"run"') ?? '',
        network: (textOf(member(node, 'network'), '"network"') ?? 'none') as UserNode['network'],
        timeoutMs: durationOf(textOf(member(node, 'timeout'), '"timeout"')),
        retries: Number(plain(member(node, 'retries')) ?? 0),
        limits: limitsOf([node]),
        env: env === undefined ? {} : (evaluate(env, evaluation) as JsonObject),
        outputs: (plain(member(node, 'outputs')) ?? {}) as Readonly<Record<string, string>>,
      };
    });
  }
  return result;
}

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000 };

/** Milliseconds of `90s`, `5m` or `1h`, which the schema has checked. */
function durationOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text.slice(0, -1)) * (UNITS[text.slice(-1)] ?? 0);
}
