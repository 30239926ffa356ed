import { type ComponentAddress, isObject, type Json, type JsonObject } from '../../engine/index.ts';
import { errorAt, type Place } from '../../yaml/index.ts';
import type { Deferred, ScopedComponent } from '../model/scope.ts';
import { keepOrigins } from '../values/origins.ts';

/** A component whose image is missing somewhere, with what its root module declares. */
export interface Consumer {
  readonly component: ScopedComponent;
  readonly variables: readonly string[];
  readonly at: Place;
}

/**
 * Binds built images to the components that run them. A component that declares a variable `image` and sets none gets that of the image component with its
 * label `service`; an entry of `vars.containers` without an `image` that of the image component with its name. What is set stays as it is.
 * @throws AtmosError `ambiguous-image`, `dangling-image`, with the candidates
 */
export function bindImages(consumer: Consumer, services: readonly ScopedComponent[]): ScopedComponent {
  const { component } = consumer;
  if (!component.spec.isModule || services.length === 0) return component;
  const vars = (component.sections.vars ?? {}) as JsonObject;
  const bound = new Set<ComponentAddress>();
  const bind = (service: ScopedComponent): Json => {
    bound.add(service.address);
    return imageOf(service);
  };
  const byLabel = serviceByLabel(consumer, vars, services);
  const containers = bindContainers(consumer, vars.containers, services, bind);
  const changed: JsonObject = {
    ...vars,
    ...(byLabel === undefined ? {} : { image: bind(byLabel) }),
    ...(containers === undefined ? {} : { containers }),
  };
  if (bound.size === 0) return component;
  const result: ScopedComponent = {
    ...component,
    sections: { ...component.sections, vars: changed },
    dependsOn: [...new Set([...component.dependsOn, ...bound])].sort(),
  };
  keepOrigins(component, result);
  return result;
}

function imageOf({ address, name }: ScopedComponent): Json {
  const template = /^[A-Za-z_]\w*$/.test(name) ? `{{ nixpack.${name}.image }}` : `{{ (index nixpack ${JSON.stringify(name)}).image }}`;
  return { $deferred: { template, needs: [{ component: address, field: 'image' }] } } satisfies Deferred as unknown as JsonObject;
}

function labelOf({ sections }: ScopedComponent): string | undefined {
  const { metadata } = sections;
  const labels = isObject(metadata) ? metadata.labels : undefined;
  return isObject(labels) && labels.service !== undefined ? String(labels.service) : undefined;
}

function serviceByLabel(
  { component, variables, at }: Consumer,
  vars: JsonObject,
  services: readonly ScopedComponent[],
): ScopedComponent | undefined {
  const label = labelOf(component);
  if (label === undefined || vars.image !== undefined || !variables.includes('image')) return undefined;
  const found = services.filter((service) => labelOf(service) === label);
  if (found.length === 1) return found[0];
  const candidates = services.map(
    (service) => `${service.address} (${labelOf(service) === undefined ? 'no label' : `service: ${labelOf(service)}`})`,
  );
  if (found.length > 1) {
    throw errorAt(
      at,
      `${component.address}: several images have the label service: ${label}: ${found.map(({ address }) => address).join(', ')}`,
      {
        code: 'ambiguous-image',
        hint: `choose one: vars: { image: "{{ nixpack.${found[0]?.name}.image }}" }`,
      },
    );
  }
  throw errorAt(at, `${component.address}: no image has its label service: ${label}`, {
    code: 'dangling-image',
    hint: `images are: ${candidates.join(', ')}; or set vars.image`,
  });
}

/** `undefined` when nothing is to be bound. A list of maps with a `name`, or a map by name. */
function bindContainers(
  { component, at }: Consumer,
  containers: Json | undefined,
  services: readonly ScopedComponent[],
  bind: (service: ScopedComponent) => Json,
): Json | undefined {
  const serviceNamed = (name: string): ScopedComponent | undefined => {
    const found = services.filter((service) => service.name === name || service.name.endsWith(`/${name}`));
    if (found.length < 2) return found[0];
    throw errorAt(
      at,
      `${component.address}: image of container "${name}" is ambiguous: ${found.map(({ address }) => address).join(', ')}`,
      {
        code: 'ambiguous-image',
        hint: 'give the container an image of its own',
      },
    );
  };
  const withImage = (name: string, container: Json): Json => {
    if (!isObject(container) || container.image !== undefined) return container;
    const service = serviceNamed(name);
    return service === undefined ? container : { ...(container as JsonObject), image: bind(service) };
  };
  if (Array.isArray(containers)) {
    return containers.map((container: Json) => (isObject(container) ? withImage(String(container.name), container as Json) : container));
  }
  if (!isObject(containers)) return undefined;
  return Object.fromEntries(Object.entries(containers).map(([name, container]) => [name, withImage(name, container as Json)]));
}
