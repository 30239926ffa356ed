import { type AtmosError, findCycle } from '../../engine/index.ts';
import { errorAt, itemsOf, type Located, mapOf, member, type Place, plain } from '../../yaml/index.ts';
import { suggestion } from '../model/nearest.ts';
import { BUILT_IN_STEPS } from './built-in.ts';
import { checkPromotion } from './check-promotion.ts';
import { checkSupported } from './check-supported.ts';
import { componentSections, dependencyAddress } from './sections.ts';

/**
 * What a deployment file says that can't be, though its form is right: names that name nothing, loops, contradictions.
 * @throws AtmosError `wrong-type` where the form is not right.
 */
export function checkReferences(document: Located, fileName: string): readonly AtmosError[] {
  const root = member(document, 'deployment');
  const errors: AtmosError[] = [];
  const name = member(root, 'name');
  if (name !== undefined && plain(name) !== fileName) {
    errors.push(
      errorAt(name.at, `the deployment is named "${String(plain(name))}", but its file ${fileName}.yaml`, {
        code: 'name-mismatch',
        hint: 'give both the same name',
      }),
    );
  }
  const promotion = checkPromotion(root);
  // Misspelled or forgotten: then the schema says so, and every name of a component would seem wrong.
  if (member(root, 'components') === undefined) return [...errors, ...promotion];
  const components = componentSections(root);
  if (components.size === 0) {
    errors.push(errorAt(member(root, 'components')?.at, 'the deployment has no components', { code: 'no-components' }));
  }
  return [
    ...errors,
    ...checkDependencies(root, components),
    ...promotion,
    ...checkTargetComponents(root, components),
    ...checkPhases(root, components),
    ...checkSupported(root),
  ];
}

type Components = ReturnType<typeof componentSections>;

function targetsOf(root: Located | undefined): readonly (readonly [string, Located])[] {
  return [...(mapOf(member(root, 'targets'), '"targets"')?.entries ?? [])].map(([name, { value }]) => [name, value]);
}

function unknownComponent(at: Place, what: string, name: string, components: Components): AtmosError {
  return errorAt(at, `${what}, which is not a component of this deployment`, {
    code: 'unknown-component',
    hint: suggestion(name, [...components.keys()], 'components'),
  });
}

function checkDependencies(root: Located | undefined, components: Components): readonly AtmosError[] {
  const overlays = targetsOf(root).map(([, target]) => componentSections(target));
  const unknown = [components, ...overlays].flatMap((sections) =>
    [...sections].flatMap(([address, { kind, section }]) =>
      dependenciesOf(section).flatMap((item) => {
        const name = String(plain(item));
        const isKnown = components.has(dependencyAddress(name, kind, components));
        return isKnown ? [] : [unknownComponent(item.at, `${address} depends on "${name}"`, name, components)];
      }),
    ),
  );
  // A target's list replaces the deployment's, so each target has an order of its own.
  for (const overlay of overlays.length === 0 ? [new Map() as Components] : overlays) {
    const cycle = dependencyCycle(components, overlay);
    if (cycle !== undefined) return [...unknown, cycle];
  }
  return unknown;
}

function dependenciesOf(section: Located | undefined): readonly Located[] {
  return itemsOf(member(member(section, 'metadata'), 'depends_on'), '"depends_on"');
}

function dependencyCycle(components: Components, overlay: Components): AtmosError | undefined {
  const edges = new Map<string, Set<string>>();
  const places = new Map<string, Place>();
  for (const [address, { kind, section }] of components) {
    const over = overlay.get(address)?.section;
    const isReplaced = member(member(over, 'metadata'), 'depends_on') !== undefined;
    const items = dependenciesOf(isReplaced ? over : section);
    const addresses = items.map((item) => dependencyAddress(String(plain(item)), kind, components));
    edges.set(address, new Set(addresses.filter((to) => components.has(to))));
    for (const [index, to] of addresses.entries()) {
      const at = items[index]?.at;
      if (at !== undefined) places.set(`${address} ${to}`, at);
    }
  }
  const loop = findCycle(edges);
  if (loop === undefined) return undefined;
  return errorAt(places.get(`${loop[0]} ${loop[1]}`), `cycle in dependencies: ${loop.join(' → ')}`, {
    code: 'dependency-cycle',
    hint: 'remove one of these from metadata.depends_on',
  });
}

function checkTargetComponents(root: Located | undefined, components: Components): readonly AtmosError[] {
  return targetsOf(root).flatMap(([name, target]) =>
    [...componentSections(target)].flatMap(([address, { at }]) =>
      components.has(address) ? [] : [unknownComponent(at, `target "${name}" configures ${address}`, address, components)],
    ),
  );
}

function checkPhases(root: Located | undefined, components: Components): readonly AtmosError[] {
  const phases = mapOf(member(root, 'phases'), '"phases"')?.entries ?? [];
  return [...phases].flatMap(([phase, { value }]) => {
    const names = new Set<string>();
    return itemsOf(value, `"${phase}"`).flatMap((node) => {
      const errors: AtmosError[] = [];
      const [name, component] = [member(node, 'name'), member(node, 'component')];
      const label = String(plain(name));
      if (names.has(label))
        errors.push(
          errorAt(name?.at, `phase "${phase}" has two nodes "${label}"`, { code: 'duplicate-node', hint: 'give one of them another name' }),
        );
      names.add(label);
      if (component !== undefined && BUILT_IN_STEPS.includes(label)) {
        errors.push(
          errorAt(name?.at, `"${label}" is a built-in node of components`, { code: 'reserved-name', hint: 'give it another name' }),
        );
      }
      if (component !== undefined && !components.has(String(plain(component)))) {
        const address = String(plain(component));
        errors.push(unknownComponent(component.at, `node "${label}" references ${address}`, address, components));
      }
      if (component === undefined && member(node, 'image') === undefined) {
        errors.push(
          errorAt(node.at, `node "${label}" names neither a component nor an image to run in`, {
            code: 'missing-key',
            hint: 'add "component" or "image"',
          }),
        );
      }
      return errors;
    });
  });
}
