import type { EvaluationContext } from '../evaluate.ts';
import { memberOf } from '../templates/index.ts';

/** What a component's own `env` says of a variable, which counts more than the environment; `undefined` where that is asked there too. */
export function ownVariable({ data }: EvaluationContext, name: string): string | undefined {
  const own = memberOf(memberOf(data, 'env'), name);
  return own === undefined || own === null || (typeof own === 'string' && own.startsWith('!env ')) ? undefined : String(own);
}
