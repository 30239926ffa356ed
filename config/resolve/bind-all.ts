import type { Place, TextCache } from '../../yaml/index.ts';
import { bindImages } from '../deployment/bind-images.ts';
import type { ScopedComponent } from '../model/scope.ts';
import type { ConfigFiles } from '../source/files.ts';
import { withGenerated } from '../terraform/generated.ts';
import { inspectModule } from '../terraform/module.ts';

/** Gives built images to the components that run them. */
export async function bindAll(
  components: readonly ScopedComponent[],
  declared: ReadonlyMap<string, { readonly at: Place }>,
  files: ConfigFiles,
  cache: TextCache | undefined,
): Promise<readonly ScopedComponent[]> {
  const services = components.filter(({ spec }) => spec.produces === 'image');
  if (services.length === 0) return components;
  return Promise.all(
    components.map(async (component) => {
      const at = declared.get(component.address)?.at;
      if (!component.spec.isModule || at === undefined) return component;
      const own = withGenerated(files, component.source, component.generated);
      const { variables } = await inspectModule({ files: own, cache }, component.source, component.sections.command);
      return bindImages({ component, variables, at }, services);
    }),
  );
}
