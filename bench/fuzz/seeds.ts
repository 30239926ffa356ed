import { execFileSync } from 'node:child_process';
import type { StoredFile } from '../../releases/index.ts';
import type { Shop } from '../shop.ts';

/** Real inputs that odd ones are made of. */
export interface Seeds {
  readonly manifests: readonly unknown[];
  readonly records: readonly unknown[];
  readonly states: readonly unknown[];
  readonly lock: unknown;
  readonly releases: readonly (readonly (readonly [string, StoredFile])[])[];
}

/** What a rollout of the example leaves in Git, and what registries give out. */
export function seedsOf({ dir, run }: Shop): Seeds {
  run('rollout payment-service --target dev');
  const git = (...args: readonly string[]): Buffer => execFileSync('git', args, { cwd: dir, maxBuffer: 1 << 28 });
  const text = (...args: readonly string[]): string =>
    git(...args)
      .toString('utf8')
      .trim();
  const commits = text('rev-list', 'refs/atmos/ledger/payment-service/dev').split('\n');
  const json = (commit: string, name: string): unknown => JSON.parse(text('show', `${commit}:${name}.json`));
  const releases = text('for-each-ref', '--format=%(objectname)', 'refs/atmos/releases').split('\n');
  const digest = `sha256:${'a'.repeat(64)}`;
  const descriptor = { mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', digest, size: 3 };
  return {
    manifests: [
      { schemaVersion: 2, config: descriptor, layers: [descriptor, descriptor] },
      { schemaVersion: 2, manifests: [{ ...descriptor, platform: { os: 'linux', architecture: 'amd64' } }] },
      { architecture: 'amd64', config: { Env: ['PATH=/bin'] }, rootfs: { type: 'layers', diff_ids: [digest] } },
    ],
    records: commits.map((commit) => json(commit, 'record')),
    states: commits.map((commit) => json(commit, 'state')),
    lock: {
      version: 1,
      by: { name: 'Ana', email: 'ana@example.com' },
      host: 'h',
      process: 'm.1.2',
      nonce: 'n',
      acquired: '2026-01-01T00:00:00.000Z',
      renewed: '2026-01-01T00:00:00.000Z',
      dir: '/d',
    },
    releases: releases.map((commit) =>
      text('ls-tree', '-r', '-z', commit)
        .split('\0')
        .filter((line) => line !== '')
        .map((line) => {
          const [, mode = '', id = '', path = ''] = /^(\d+) blob (\w+)\t([\s\S]*)$/.exec(line) ?? [];
          return [
            path,
            { mode: mode === '100755' ? '755' : mode === '120000' ? 'link' : '644', content: new Uint8Array(git('cat-file', 'blob', id)) },
          ];
        }),
    ),
  };
}

export const TOKENS = [
  '{{',
  '}}',
  '{{-',
  '{',
  '}',
  '[',
  ']',
  ':',
  '- ',
  '&a ',
  '*a',
  '!env X',
  '!include x.yaml',
  '!terraform.output a b',
  '!unset',
  '!append',
  '|',
  '>',
  '"',
  "'",
  '#',
  '\n',
  '\t',
  '\r\n',
  '---\n',
  '? ',
  '%YAML',
  '\0',
  '\u2028',
  '<<: *a',
  'null',
  '~',
  '1e999',
  '0x',
  '..',
  '$',
  'range',
  'end',
  'if',
  'define "x"',
  'template "x" .',
  'index',
  'printf "%s"',
  'regexMatch',
  '| nindent 3',
  '.vars',
  '(',
  ')',
  ',',
  ':=',
  'repeat 99999999',
  'until 99999999',
  'seq 1 99999999',
  'untilStep 0 9 0',
  '(a+)+$',
  'toJson',
  'fromJson',
  'include',
  'tpl',
  'atmos.Component',
  'strings.Repeat 99999999 "x"',
  'randAlpha 99999999',
];

export const TEMPLATES = [
  '{{ .vars.name | upper | quote }}-{{ printf "%05d" .count }}',
  '{{ range $i, $x := .vars.list }}{{ if gt $x 1 }}{{ $i }}={{ $x }},{{ else }}none{{ end }}{{ end }}',
  '{{ define "x" }}{{ .a }}{{ end }}{{ template "x" .vars.map }}',
  '{{ with .vars.deep }}{{ index .list 0 | toJson }}{{ end }}',
  '{{ regexReplaceAll "(a|b)+" .text "x" }} {{ regexFindAll "[a-z]+" .text -1 | join "," }}',
  '{{ dict "a" 1 "b" (list 1 2 3) | toPrettyJson | indent 2 }}',
  '{{ repeat 3 "ab" }}{{ until 5 | join "-" }}{{ seq 1 3 }}',
  '{{ semverCompare ">=1.2.3" "1.4.0" }} {{ date "2006-01-02" "2026-01-01" }} {{ b64enc .text | b64dec }}',
  '{{- $x := 1 -}}{{ $x = add $x 2 }}{{ while }}{{ coalesce .nothing .text }} {{ ternary "a" "b" true }}',
  '{{ fromJson "{\\"a\\":[1,2]}" }} {{ (split "," "a,b")._0 }} {{ sha256sum .text }} {{ default 3 .none }}',
  '{{ math.Add 1 2 }} {{ strings.Repeat 2 "x" }} {{ coll.Dict "a" 1 }} {{ conv.ToInt "3" }} {{ data.JSON "{}" }}',
];

export const YAML: Readonly<Record<string, string>> = {
  'atmos.yaml':
    'base_path: ""\nstacks: { base_path: stacks, name_template: "{{ .vars.stage }}" }\ncomponents: { terraform: { base_path: components/terraform } }\ntemplates: { settings: { enabled: true } }\n',
  'deployments/app.yaml': `deployment:
  name: app
  stacks: [dev]
  context: { size: 3 }
  components:
    terraform:
      a: { vars: { x: "{{ .context.size }}", y: !env REGION } }
      b: { metadata: { component: a, depends_on: [a] }, vars: { id: !terraform.output a id } }
  targets:
    dev: { secrets: { TOKEN: { env: DEV_TOKEN } } }
    prod: { promotion: { from: dev, requires_approval: true, approvals: 2, approvers: [a@b.c] } }
`,
  'stacks/dev.yaml':
    'import: [base]\nvars: { stage: dev, list: [1, 2], map: &m { a: 1 } }\nsettings: { x: *m }\ncomponents:\n  terraform:\n    a: { vars: { z: "{{ .vars.list | join `,` }}" }, metadata: { inherits: [c] } }\n    c: { metadata: { type: abstract }, env: { A: b } }\n',
  'stacks/base.yaml':
    'terraform: { backend_type: s3, backend: { s3: { bucket: "b-{{ .vars.stage }}", key: k } } }\noverrides: { vars: { o: 1 } }\nlocals: { l: "{{ .vars.stage }}" }\n',
  'components/terraform/a/main.tf': 'variable "x" {}\nvariable "y" { type = string }\noutput "id" { value = var.x }\n',
};
