import type { Scope, UserNode } from '../config/index.ts';
import { AtmosError, type Digest, type JsonObject, type Node, type SecretRef } from '../engine/index.ts';
import type { ExpansionInputs, From } from './inputs.ts';
import { type Kinds, kindOf } from './kind.ts';
import { exec, input, script, step } from './step.ts';

/** Runs the user's command line in a writable copy of the source, and collects the reports that it names. */
const RUN = `mkdir -p /tmp/work && if [ -d /source ]; then cp -RP /source/. /tmp/work; fi
cd /tmp/work
atmos_command=$1; shift
for atmos_report in "$@"; do mkdir -p "$(dirname "$atmos_report")"; done
atmos_code=0; run sh -c "$atmos_command" || atmos_code=$?
for atmos_report in "$@"; do
  if [ -f "$atmos_report" ]; then mkdir -p "/out/$(dirname "$atmos_report")" && cp "$atmos_report" "/out/$atmos_report"; fi
done
exit $atmos_code
`;

/** The user's own nodes of a phase. `env` holds no deferred values any more: whoever calls has settled them. */
export function userNodes(
  nodes: readonly (UserNode & { readonly env: JsonObject })[],
  kinds: Kinds,
  scope: Scope,
  inputs: ExpansionInputs,
  options: { readonly cache: Node['cache']; readonly secrets: readonly SecretRef[] },
): readonly Node[] {
  return nodes.map((node) => {
    const source = node.component === undefined ? undefined : inputs.sources[node.component];
    const reports = Object.values(node.outputs);
    return step(node.component ?? 'checks', node.name, {
      inputs: source === undefined ? [] : [input('/source', sourceFor(kinds, node.component, source.tree, scope, inputs))],
      cache: options.cache,
      action: exec({
        image: imageOf(kinds, node, scope, inputs),
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

/** What is built is tested as it was built; any other component as it is in the repository. */
function sourceFor(kinds: Kinds, address: string | undefined, source: Digest, scope: Scope, inputs: ExpansionInputs): From {
  const component = address === undefined ? undefined : scope.components[address];
  return component === undefined ? source : (kinds[component.kind]?.built?.(component, inputs) ?? source);
}

function imageOf(kinds: Kinds, node: UserNode, scope: Scope, inputs: ExpansionInputs): Digest {
  const component = node.component === undefined ? undefined : scope.components[node.component];
  const name = node.image ?? (component === undefined ? undefined : kindOf(kinds, component).images(component)[0]) ?? 'node';
  const image = inputs.images[name];
  if (image === undefined) {
    throw new AtmosError(`node "${node.name}" runs in image "${name}", which is not pinned`, {
      kind: 'invalid',
      code: 'image-not-pinned',
      hint: 'add it under deployments.images in atmos.yaml, then: atmos-deployment images build',
    });
  }
  return image.digest;
}
