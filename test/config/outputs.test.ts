import { describe, expect, test } from 'vitest';
import { isDeferred, needsOf, resolveDeferred } from '../../config/index.ts';
import type { Json } from '../../engine/index.ts';
import { refusal, scopeOf, varsOf, withVars } from './repository.ts';

const value = async (text: string): Promise<Json | undefined> => varsOf(await scopeOf(withVars(`x: ${text}`)), 'terraform/a').x;

describe('values of other components', () => {
  const produced = {
    'terraform/network': { id: 'vpc-1', subnets: ['a', 'b'], info: { name: 'n' }, 'odd-name': 1, on: true, size: 3 },
    'nixpack/api': { image: 'registry.example.com/api@sha256:1', digest: 'sha256:1' },
  };
  const settled = async (text: string): Promise<Json> => {
    const deferred = (await value(text)) ?? null;
    expect(isDeferred(deferred)).toBe(true);
    return resolveDeferred(deferred, produced);
  };

  test('stand as deferred until they are there, with what they need', async () => {
    const deferred = await value("'{{ outputs.terraform.network.id }}/{{ nixpack.api.image }}'");
    expect(needsOf(deferred ?? null)).toEqual([
      { component: 'nixpack/api', field: 'image' },
      { component: 'terraform/network', field: 'id' },
    ]);
    expect(resolveDeferred(deferred ?? null, { 'terraform/network': { id: 'x' } })).toEqual(deferred);
  });

  test('keep their type when the template is one action alone, and are text otherwise', async () => {
    expect(await settled("'{{ outputs.terraform.network.subnets }}'")).toEqual(['a', 'b']);
    expect(await settled('!terraform.output network size')).toBe(3);
    expect(await settled('!terraform.output network odd-name')).toBe(1);
    expect(await settled("'n={{ outputs.terraform.network.size }}'")).toBe('n=3');
    expect(await settled('\'{{ (index nixpack "api").digest }}\'')).toBe('sha256:1');
  });

  test.each<[string, Json]>([
    ['network .subnets[0]', 'a'],
    ['network .subnets[-1]', 'b'],
    ['network .info.name', 'n'],
    [`network '.info["name"]'`, 'n'],
    ['network .info["name"]', 'n'],
    ['network .odd-name', 1],
    ['network .nothing // "http://none:1/x"', 'http://none:1/x'],
    ['network .nothing // ["f", 1]', ['f', 1]],
    ['network .nothing // {"k": "v"}', { k: 'v' }],
    ['network .id // "other"', 'vpc-1'],
    ['network .info.nothing // .nothing // .size', 3],
    ['network .id | "jdbc:" + . + ":5432/events"', 'jdbc:vpc-1:5432/events'],
    ['network .size + 1', 4],
    ['network .subnets | length', 2],
    ['network {"id": .id, subnets: .subnets + ["c"]}', { id: 'vpc-1', subnets: ['a', 'b', 'c'] }],
  ])('are asked for a part, with what yq and Atmos understand: %s', async (text, expected) => {
    expect(await settled(`!terraform.state ${JSON.stringify(text)}`)).toEqual(expected);
  });

  test.each([
    'network',
    'network a b c',
    'network size // 4',
    "network ''",
    'network .',
    'network .a[',
    'network .a | sort_keys',
    'network .a // "\\x"',
  ])('are refused where Atmos or yq would need more: %s', async (text) => {
    expect(await refusal(scopeOf(withVars(`x: !terraform.output ${JSON.stringify(text)}`)))).toMatchObject({ code: 'yaml-function' });
  });

  test('wait for a component whose output they can do without, and for an output that they can’t', async () => {
    const without = (await value('!terraform.output network .nothing // "x"')) ?? null;
    expect(needsOf(without)).toEqual([{ component: 'terraform/network', field: 'nothing', optional: true }]);
    expect(isDeferred(resolveDeferred(without, {}))).toBe(true);
    const needed = (await value('!terraform.output network .nothing[0]')) ?? null;
    expect(isDeferred(resolveDeferred(needed, produced))).toBe(true);
  });

  test('go through functions, fields and indexes that are applied once they are known', async () => {
    expect(await settled('\'{{ join "," outputs.terraform.network.subnets | upper }}\'')).toBe('A,B');
    expect(await settled("'{{ index outputs.terraform.network.subnets 1 }}'")).toBe('b');
    expect(await settled("'{{ outputs.terraform.network.info.name }}'")).toBe('n');
    expect(await settled("'{{ range outputs.terraform.network.subnets }}<{{ . }}>{{ end }}'")).toBe('<a><b>');
  });

  test('may stand beside what is known by now, which is put into the template', async () => {
    expect(await settled('\'{{ printf "%s-%v" outputs.terraform.network.id .context.size }}@{{ git.short_sha }}\'')).toBe(
      'vpc-1-3@3c9d2b1',
    );
    expect(
      await settled(
        "'{{ $p := .atmos_component }}{{ range .context.list | default (list 1 2) }}{{ $p }}{{ . }}{{ end }}{{ outputs.terraform.network.id }}'",
      ),
    ).toBe('a1a2vpc-1');
    expect(await settled('\'{{ env "REGION" }} {{ "{{" }} {{ outputs.terraform.network.id }}\'')).toBe('eu-west-1 {{ vpc-1');
  });

  test('are needed from both ways of a decision that depends on one', async () => {
    const deferred = await value(
      '\'{{ if outputs.terraform.network.on }}{{ outputs.terraform.network.id }}{{ else }}{{ nixpack.api.digest }}{{ fail "off" }}{{ end }}\'',
    );
    expect(needsOf(deferred ?? null).map(({ field }) => field)).toEqual(['digest', 'id', 'on']);
    expect(resolveDeferred(deferred ?? null, produced)).toBe('vpc-1');
  });

  test('are refused where the deployment has no such component, or an image no such field', async () => {
    const refused = async (text: string) => refusal(scopeOf(withVars(`x: ${text}`)));
    expect(await refused("'{{ outputs.terraform.netwrk.id }}'")).toMatchObject({
      code: 'unknown-component',
      hint: 'did you mean "terraform/network"?',
    });
    expect(await refused('!terraform.output nowhere id')).toMatchObject({ code: 'unknown-component' });
    expect(await refused("'{{ nixpack.api.dgst }}'")).toMatchObject({ code: 'unknown-field' });
    expect(await refused("'{{ outputs.terraform.network }}'")).toMatchObject({ code: 'template' });
    expect(await refused("'{{ toJson outputs.terraform.network }}'")).toMatchObject({ code: 'template' });
  });

  test('fail with the template when it can’t take what was produced', async () => {
    const deferred = (await value("'{{ index outputs.terraform.network.subnets 7 }}'")) ?? null;
    expect(() => resolveDeferred(deferred, produced)).toThrow(
      '{{ index outputs.terraform.network.subnets 7 }}: error calling index: index out of range: 7',
    );
  });
});

describe('atmos.Component', () => {
  const withReader = (value: string) => ({
    'atmos.yaml': 'stacks: { name_template: "{{ .vars.stage }}" }\ntemplates: { settings: { enabled: true } }\n',
    'deployments/app.yaml': 'deployment:\n  name: app\n  stacks: [top]\n  components: { terraform: { reader: {}, vpc: {} } }\n',
    'stacks/top.yaml': `vars: { stage: dev }\ncomponents:\n  terraform:\n    vpc: { vars: { cidr: "10.{{ add 1 1 }}.0.0/16", id: !terraform.output reader id } }\n    reader: { vars: { x: ${JSON.stringify(value)} } }\n`,
  });

  test('gives the sections of another component of the target, evaluated', async () => {
    const scope = await scopeOf(
      withReader('{{ (atmos.Component "vpc" .stack).vars.cidr }} in {{ (atmos.Component "vpc" .stack).workspace }}'),
    );
    expect(varsOf(scope, 'terraform/reader').x).toBe('10.2.0.0/16 in dev');
  });

  test.each<[string, Json]>([
    ['{{ (atmos.Component "vpc" .stack).outputs.ids }}', ['a', 'b']],
    ['{{ (atmos.Component "terraform/vpc" $.atmos_stack).outputs.id }}-{{ (atmos.Component "vpc").outputs.id | upper }}', 'x-X'],
    ['{{ (atmos.Component (printf "v%s" "pc") (printf "%s" .vars.stage)).outputs.id }}', 'x'],
    ['{{ index (atmos.Component "vpc" .stack).outputs.ids 1 }} {{ index (atmos.Component "vpc" .stack).outputs "id" }}', 'b x'],
    [
      '{{ range (atmos.Component "vpc" $.stack).outputs.ids }}<{{ . }}>{{ end }} {{ (atmos.Component "vpc" $.stack).vars.size }}',
      '<a><b> 3',
    ],
  ])('has the outputs of that component, read where they are needed: %s', async (template, expected) => {
    const files = withReader(template);
    const stack = files['stacks/top.yaml'].replace('id: !terraform.output reader id', 'size: 3');
    const scope = await scopeOf({ ...files, 'stacks/top.yaml': stack });
    expect(scope.components['terraform/reader']?.dependsOn).toEqual(['terraform/vpc']);
    expect(resolveDeferred(varsOf(scope, 'terraform/reader').x ?? null, { 'terraform/vpc': { id: 'x', ids: ['a', 'b'] } })).toEqual(
      expected,
    );
  });

  test.each([
    ['{{ (atmos.Component "vpx" .stack).vars.cidr }}', 'did you mean "vpc"?'],
    ['{{ (atmos.Component "vpc" "prod").vars.cidr }}', 'is not the stack of this target (dev)'],
    ['{{ $vpc := atmos.Component "vpc" .stack }}{{ $vpc.outputs.id }}', 'outputs.terraform.vpc.id'],
    ['{{ range list 1 }}{{ (atmos.Component "vpc" .stack).outputs.id }}{{ end }}', 'stack'],
    ['{{ $s := .stack }}{{ (atmos.Component "vpc" $s).outputs.id }}', 'outputs.terraform.vpc.id'],
    ['{{ define "x" }}{{ (atmos.Component "vpc" .stack).outputs.id }}{{ end }}{{ template "x" (dict "stack" "prod") }}', '(dev)'],
    ['{{ (atmos.Component "vpc" "prod").outputs.id }}', 'is not the stack of this target (dev)'],
    ['{{ (atmos.Component "reader" .stack).vars.x }}', 'terraform/reader → terraform/reader'],
  ])('says what is wrong with %s', async (template, said) => {
    expect((await refusal(scopeOf(withReader(template)))).message).toContain(said);
  });
});

describe('outputs that are written down in the stacks', () => {
  const files = (x: string, more = '') => ({
    'atmos.yaml': 'stacks: { name_template: "{{ .vars.stage }}" }\ntemplates: { settings: { enabled: true } }\n',
    'deployments/app.yaml': 'deployment: { name: app, stacks: [top], components: { terraform: { a: {}, vpc: {} } } }',
    'stacks/top.yaml': `vars: { stage: dev }
components:
  terraform:
    vpc: {}
    old:
      remote_state_backend_type: static
      remote_state_backend: { static: { id: "net-{{ .vars.stage }}", zones: [a, b], ports: { http: 80 } } }
    broken: { metadata: { inherits: [nowhere] }, remote_state_backend_type: static }
    older: { remote_state_backend_type: static, remote_state_backend: { static: { id: !terraform.output old id } } }
    itself: { remote_state_backend_type: static, remote_state_backend: { static: { id: !terraform.output itself id } } }
    a: { vars: { x: ${x} } }
${more}`,
  });

  test.each<[string, Json]>([
    ['!terraform.output old id', 'net-dev'],
    ['!terraform.state old .ports.http', 80],
    ['!terraform.output older id', 'net-dev'],
    ['!terraform.output old .nothing // "x"', 'x'],
    [`'{{ (atmos.Component "old" .stack).outputs.zones }}'`, ['a', 'b']],
    [`'{{ outputs.terraform.old.id }}-{{ .vars.stage }}'`, 'net-dev-dev'],
  ])('are known at once, and of a component that is not deployed: %s', async (text, expected) => {
    const scope = await scopeOf(files(text));
    expect(varsOf(scope, 'terraform/a').x).toEqual(expected);
    expect(Object.keys(scope.components)).toEqual(['terraform/a', 'terraform/vpc']);
    expect(scope.components['terraform/a']?.dependsOn).toEqual([]);
  });

  test('are known to nodes of the deployment, too', async () => {
    const nodes = 'phases: { verify: [{ name: smoke, image: node, run: "true", env: { ID: !terraform.output old id } }] }';
    const all = files('1');
    const text = `deployment:\n  name: app\n  stacks: [top]\n  components: { terraform: { a: {}, vpc: {} } }\n  ${nodes}\n`;
    const scope = await scopeOf({ ...all, 'deployments/app.yaml': text });
    expect(scope.phases.verify?.[0]?.env).toEqual({ ID: 'net-dev' });
  });

  test.each([
    ['!terraform.output old ids', 'reads output "ids" of terraform/old, which "remote_state_backend.static" does not have'],
    ['!terraform.output broken id', 'nowhere'],
    ['!terraform.output itself id', 'terraform/itself → terraform/itself'],
    [`'{{ outputs.terraform.old.id }}{{ outputs.terraform.vpc.id }}'`, 'with outputs that are known only after apply'],
  ])('are refused where they can’t be read: %s', async (text, said) => {
    expect((await refusal(scopeOf(files(text)))).message).toContain(said);
  });
});
