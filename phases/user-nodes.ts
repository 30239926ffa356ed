import type { Scope, UserNode } from '../config/index.ts';
import { AtmosError, type Digest, type Input, type JsonObject, type Node, type SecretRef } from '../engine/index.ts';
import { baseOf, type Ground, terraformImage } from './ground.ts';
import { builtTree } from './nixpack/index.ts';
import { serviceOf } from './release.ts';
import { exec, input, script, step } from './step.ts';

/** Runs the user's command line in a writable copy of the source, and collects the reports that it names. */
const RUN = `mkdir -p /tmp/work && if [ -d /source ]; then cp -RP /source/. /tmp/work; fi
cd /tmp/work
command=$1; shift
for report in "$@"; do mkdir -p "$(dirname "$report")"; done
code=0; run sh -c "$command" || code=$?
for report in "$@"; do
  if [ -f "$report" ]; then mkdir -p "/out/$(dirname "$report")" && cp "$report" "/out/$report"; fi
done
exit $code
`;

/** The user's own nodes of a phase. `env` holds no deferred values any more: whoever calls has settled them. */
export function userNodes(
  nodes: readonly (UserNode & { readonly env: JsonObject })[],
  scope: Scope,
  ground: Ground,
  options: { readonly cache: Node['cache']; readonly secrets: readonly SecretRef[] },
): readonly Node[] {
  return nodes.map((node) => {
    const source = node.component === undefined ? undefined : ground.sources[node.component];
    const reports = Object.values(node.outputs);
    return step(node.component ?? 'checks', node.name, {
      inputs: source === undefined ? [] : [input('/source', sourceFor(node.component, source.tree, scope, ground))],
      cache: options.cache,
      action: exec({
        image: imageOf(node, scope, ground),
        argv: script(RUN, node.run, ...reports),
        env: Object.fromEntries(
          Object.entries(node.env).map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)]),
        ),
        secrets: options.secrets,
        network: node.network,
        timeoutMs: node.timeoutMs,
        retries: node.retries,
        limits: node.limits,
        collect: 'always',
        outputs: reports.length === 0 ? [] : [{ name: 'reports', path: '/out' }],
      }),
    });
  });
}

/** A service is tested as it was built; any other component as it is in the repository. */
function sourceFor(address: string | undefined, source: Digest, scope: Scope, ground: Ground): Input['from'] {
  const component = address === undefined ? undefined : scope.components[address];
  return component?.kind === 'nixpack' ? builtTree(serviceOf(component, ground)) : source;
}

function imageOf(node: UserNode, scope: Scope, ground: Ground): Digest {
  const component = node.component === undefined ? undefined : scope.components[node.component];
  const name =
    node.image ??
    (component?.kind === 'terraform'
      ? terraformImage(String(component.sections.command ?? 'terraform'))
      : baseOf(component?.sections ?? {}));
  const image = ground.images[name];
  if (image === undefined) {
    throw new AtmosError(`node "${node.name}" runs in image "${name}", which is not pinned`, {
      kind: 'invalid',
      code: 'image-not-pinned',
      hint: 'add it under deployments.images in atmos.yaml, then: atmos-deployment images build',
    });
  }
  return image.digest;
}
