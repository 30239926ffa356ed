import type { Json } from '../../engine/index.ts';
import { type Located, member, plain } from '../../yaml/index.ts';
import { type Read, readSettings } from '../evaluation/reads.ts';
import type { ScopedComponent } from '../model/scope.ts';
import { kindIn } from '../project/project.ts';
import { evaluate } from '../values/evaluate.ts';
import { contextOf, evaluateComponent } from './evaluate-component.ts';
import { hooksIn } from './hooks.ts';
import { type ComponentRequest, mergeLayers } from './merge-layers.ts';

/**
 * Merges one component of a scope and returns what evaluates it, which others may ask for as well.
 * @throws AtmosError with the place of what is wrong; so does what is returned.
 */
export async function prepareComponent(request: ComponentRequest): Promise<() => ScopedComponent> {
  const { kind, name, project, at, evaluation } = request;
  const prepared = await mergeLayers(request);
  const { merged, unevaluated, given, stack } = prepared;
  evaluation.places.put(`${kind}/${name}`, stack, given.vars);
  if (plain(member(merged.metadata, 'enabled')) !== false) {
    const hooks = plain(member(unevaluated, 'hooks')) as Json | undefined;
    const { list } = hooksIn({ spec: kindIn(project, kind).spec, name, stack, hooks, stores: project.stores, placeOf: () => at });
    const address = `${kind}/${name}` as const;
    evaluation.stored.put(address, list, () => request.siblings.resolve(address).hooks ?? []);
  }
  return () => evaluateComponent(request, prepared);
}

/** The same of a component deployed elsewhere: of its sections only what opens its state is evaluated, unless all are asked for. */
export async function prepareRead(request: ComponentRequest): Promise<Read> {
  const { name, at, project } = request;
  const prepared = await mergeLayers(request);
  const { stack, unevaluated, workspace, wrongName, backend } = prepared;
  return {
    name,
    stack,
    isStatic: plain(member(unevaluated, 'remote_state_backend_type')) === 'static',
    settings: () => {
      if (wrongName !== undefined) throw wrongName;
      const { context } = contextOf(request, prepared);
      const of = (value: Located | undefined): Json | undefined => (value === undefined ? undefined : evaluate(value, context));
      const sections: Readonly<Record<string, Json | undefined>> = {
        command: of(member(unevaluated, 'command')) ?? kindIn(project, request.kind).command,
        backend_type: backend.type === '' ? undefined : backend.type,
        backend: of(backend.section),
        env: of(member(unevaluated, 'env')),
        workspace,
      };
      return readSettings(`terraform/${name} of ${stack}`, at, sections);
    },
    resolve: () => evaluateComponent(request, prepared),
  };
}
