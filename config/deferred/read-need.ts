import { flatName } from '../../engine/index.ts';
import { OTHER_NEEDS } from '../model/kinds.ts';
import type { Need } from '../model/scope.ts';

/** What comes before the stack and name of a component deployed elsewhere, where a need of another has its kind. */
const PREFIX = `${OTHER_NEEDS.read}/`;

/** What templates call such a component: `<stack>/terraform/<name>`. */
export function readName({ stack, name }: { readonly stack: string; readonly name: string }): string {
  return `${flatName(stack)}/terraform/${name}`;
}

/** The need of one of its outputs. */
export function readNeed(name: string, field: string): Need {
  return { component: `${PREFIX}${name}`, field };
}

/** Whether a need is of such a component. */
export function isRead(need: Pick<Need, 'component'>): boolean {
  return need.component.startsWith(PREFIX);
}
