import { itemsOf, type LocatedMap, mapOf, member, plain } from '../../yaml/index.ts';
import type { PromotionPolicy } from '../model/scope.ts';
import { originOf } from '../values/origins.ts';
import type { Deployment } from './load.ts';

/** What each target takes and who must approve it, in the order of the file. */
export function promotionPolicies({ root, targets }: Deployment): Readonly<Record<string, PromotionPolicy>> {
  const sections = mapOf(member(root, 'targets'), '"targets"');
  return Object.fromEntries(targets.map((target) => [target, promotionOf(mapOf(member(sections, target), `target "${target}"`))]));
}

export function promotionOf(target: LocatedMap | undefined): PromotionPolicy {
  const promotion = mapOf(member(target, 'promotion'), '"promotion"');
  const from = member(promotion, 'from');
  const allowed = member(promotion, 'allowed_from');
  const at = (from ?? allowed)?.at ?? target?.entries.get('promotion')?.keyAt;
  const required = plain(member(promotion, 'requires_approval'));
  const approvals = plain(member(promotion, 'approvals'));
  const needed = required === true || (required === null && typeof approvals === 'number');
  return {
    from: from === undefined ? itemsOf(allowed, '"allowed_from"').map((item) => String(plain(item))) : [String(plain(from))],
    approvals: needed ? (typeof approvals === 'number' ? approvals : 1) : 0,
    approvers: itemsOf(member(promotion, 'approvers'), '"approvers"').map((item) => String(plain(item))),
    origin: promotion === undefined || at === undefined ? undefined : originOf(at),
  };
}
