import { type AtmosError, findCycle } from '../../engine/index.ts';
import { errorAt, itemsOf, type Located, mapOf, member, type Place, plain } from '../../yaml/index.ts';
import { suggestion } from '../model/nearest.ts';

/** What is wrong with how targets follow one another: names of targets, contradictions, loops. @throws AtmosError `wrong-type` */
export function checkPromotion(root: Located | undefined): readonly AtmosError[] {
  const targets = mapOf(member(root, 'targets'), '"targets"')?.entries ?? new Map();
  const names = targets.size === 0 ? ['default'] : [...targets.keys()];
  const edges = new Map<string, Set<string>>();
  const places = new Map<string, Place>();
  const errors: AtmosError[] = [];
  const fallback = member(member(root, 'context'), 'default_target');
  if (fallback !== undefined && !names.includes(String(plain(fallback)))) {
    errors.push(unknownTarget(fallback, (name) => `default_target "${name}" does not exist`, names));
  }
  for (const [name, { value }] of targets) {
    const from = member(member(value, 'promotion'), 'from');
    const allowed = member(member(value, 'promotion'), 'allowed_from');
    if (from !== undefined && allowed !== undefined) {
      const message = `target "${name}" has both promotion.from and promotion.allowed_from`;
      errors.push(errorAt(allowed.at, message, { code: 'contradiction', hint: 'keep one of them' }));
    }
    const sources = [...(from === undefined ? [] : [from]), ...itemsOf(allowed, '"allowed_from"')];
    edges.set(name, new Set(sources.map((item) => String(plain(item))).filter((source) => names.includes(source))));
    for (const item of sources) {
      const source = String(plain(item));
      places.set(`${name} ${source}`, item.at);
      if (!names.includes(source)) {
        errors.push(unknownTarget(item, (unknown) => `target "${name}" is promoted from "${unknown}", which does not exist`, names));
      }
    }
  }
  const loop = findCycle(edges);
  if (loop !== undefined) {
    const message = `cycle in promotions: ${loop.join(' → ')}`;
    errors.push(errorAt(places.get(`${loop[0]} ${loop[1]}`), message, { code: 'promotion-cycle', hint: 'remove one of these' }));
  }
  return errors;
}

function unknownTarget(item: Located, message: (name: string) => string, names: readonly string[]): AtmosError {
  const name = String(plain(item));
  return errorAt(item.at, message(name), { code: 'unknown-target', hint: suggestion(name, names, 'targets') });
}
