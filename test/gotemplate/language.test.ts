import { describe, expect, test } from 'vitest';
import { FUNCTIONS, inline, parseTemplate, render, TemplateError, UNKNOWN, type Value } from '../../gotemplate/index.ts';

const DATA: Value = {
  name: 'web',
  count: 3,
  on: true,
  off: false,
  list: ['a', 'b'],
  map: { b: 2, a: 1 },
  deep: { er: { x: 'y' } },
  empty: {},
};

function run(template: string, data: Value = DATA, missingKey: 'default' | 'error' = 'default'): string {
  return render(parseTemplate(template), data, { functions: FUNCTIONS, missingKey });
}

function failure(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof TemplateError) return `${error.at}: ${error.message}`;
    throw error;
  }
  throw new Error('it rendered');
}

describe('a template', () => {
  test.each([
    ['plain text', 'plain text'],
    ['{{ .name }}-{{.count}}', 'web-3'],
    ['{{ .deep.er.x }} {{ $.name }} {{ (index .map "a") }}', 'y web 1'],
    ['a {{- " b " -}} c', 'a b c'],
    ['a{{/* a comment */}}b{{- /* another */ -}} c', 'abc'],
    ['{{ .list }} {{ .map }}', '[a b] map[a:1 b:2]'],
    ['{{ "q\\"\\n" }}{{ `raw\\n` }}', 'q"\nraw\\n'],
    ["{{ 0x10 }} {{ 1_000 }} {{ 1.5 }} {{ 'a' }} {{ true }}", '16 1000 1.5 97 true'],
  ])('%s gives %s', (template, expected) => {
    expect(run(template)).toBe(expected);
  });

  test.each([
    ['{{ if .on }}yes{{ else }}no{{ end }}', 'yes'],
    ['{{ if .off }}1{{ else if eq .count 3 }}2{{ else }}3{{ end }}', '2'],
    ['{{ if .empty }}full{{ else }}empty{{ end }}', 'empty'],
    ['{{ if and .on (not .off) (or .off .name) }}all{{ end }}', 'all'],
    ['{{ with .deep.er }}{{ .x }}{{ $.name }}{{ end }}', 'yweb'],
    ['{{ with .nothing }}some{{ else }}none{{ end }}', 'none'],
    ['{{ range .list }}<{{ . }}>{{ end }}', '<a><b>'],
    ['{{ range $i, $v := .list }}{{ $i }}{{ $v }} {{ end }}', '0a 1b '],
    ['{{ range $k, $v := .map }}{{ $k }}={{ $v }} {{ end }}', 'a=1 b=2 '],
    ['{{ range .nothing }}x{{ else }}none{{ end }}', 'none'],
    ['{{ range list 1 2 3 4 }}{{ if eq . 2 }}{{ continue }}{{ end }}{{ if eq . 4 }}{{ break }}{{ end }}{{ . }}{{ end }}', '13'],
  ])('decides and repeats: %s', (template, expected) => {
    expect(run(template)).toBe(expected);
  });

  test.each([
    ['{{ $x := 1 }}{{ if true }}{{ $x = 2 }}{{ end }}{{ $x }}', '2'],
    ['{{ $x := 1 }}{{ if true }}{{ $x := 2 }}{{ end }}{{ $x }}', '1'],
    ['{{ define "t" }}[{{ . }}]{{ end }}{{ template "t" .name }}', '[web]'],
    ['{{ block "b" .count }}{{ . }}{{ end }}', '3'],
    ['{{ .name | upper | printf "%s-%d" "x" | len }}', '17'],
  ])('has variables, templates and pipes: %s', (template, expected) => {
    expect(run(template)).toBe(expected);
  });

  test('prints <no value> for a missing key, or fails on it, as it is told', () => {
    expect(run('{{ .nothing }} {{ .nothing.more }}')).toBe('<no value> <no value>');
    expect(failure(() => run('a {{ .nothing }}', DATA, 'error'))).toBe('5: map has no entry for key "nothing"');
  });

  test('stops at the first argument of and and or that decides', () => {
    expect(run('{{ or .on (fail "no") }} {{ and .off (fail "no") }}')).toBe('true false');
  });

  test.each([
    ['{{ .a', '0: unclosed action'],
    ['{{ if .a }}x', '0: {{if}} has no {{end}}'],
    ['x{{ end }}', '1: unexpected {{end}}'],
    ['{{ nosuch 1 }}', '3: function "nosuch" not defined'],
    ['{{ $y }}', '3: undefined variable "$y"'],
    ['{{ .name.more }}', "3: can't evaluate field more in type string"],
    ['{{ fail "why" }}', '3: error calling fail: why'],
    ['{{ ( .a }}', '3: unclosed left paren'],
    ['{{ "a }}', '3: unexpected "\\"" in action'],
    ['{{ range 1.5 }}{{ end }}', "9: range can't iterate over 1.5"],
    ['{{ template "none" }}', '0: template "none" not defined'],
  ])('is refused at its place: %s', (template, message) => {
    expect(failure(() => run(template))).toBe(message);
  });
});

describe('what is not known yet', () => {
  const functions = { ...FUNCTIONS, later: () => UNKNOWN };
  const gone = (template: string): readonly string[] => {
    const seen: string[] = [];
    const seer = { ...functions, see: (name: Value) => seen.push(String(name)) };
    render(parseTemplate(template), DATA, { functions: seer, missingKey: 'default' });
    return seen;
  };

  test('makes what is computed from it unknown, without calling anything', () => {
    expect(
      render(parseTemplate('[{{ later | upper | b64enc }}{{ index later 3 }}{{ later.a.b }}]'), DATA, { functions, missingKey: 'error' }),
    ).toBe('[]');
  });

  test('opens both ways of a decision on it, and what fails on one of them does not count', () => {
    expect(gone('{{ if later }}{{ see "yes" }}{{ fail "x" }}{{ else }}{{ see "no" }}{{ end }}')).toEqual(['yes', 'no']);
    expect(gone('{{ range later }}{{ see "each" }}{{ break }}{{ else }}{{ see "none" }}{{ end }}')).toEqual(['each', 'none']);
    expect(gone('{{ if or later (see "or") }}{{ end }}')).toEqual(['or']);
  });
});

describe('inline', () => {
  const put = (source: string): string =>
    inline(source, parseTemplate(source), {
      functions: { ...FUNCTIONS, host: (name) => `h-${String(name)}` },
      missingKey: 'default',
      data: DATA,
      fixed: new Set(['host']),
    });

  test.each([
    ['{{ printf "%s" .name }}/{{ later.x }}', '{{ printf "%s" "web" }}/{{ later.x }}'],
    ['{{ .list }} {{ .nothing }} {{ $.count }}', '{{ (index (data.JSONArray "[[\\"a\\",\\"b\\"]]") 0) }} {{ (fromJson "null") }} {{ 3 }}'],
    [
      '{{ range .list }}{{ . }}{{ .x }}{{ $.name }}{{ end }}',
      '{{ range (index (data.JSONArray "[[\\"a\\",\\"b\\"]]") 0) }}{{ . }}{{ .x }}{{ "web" }}{{ end }}',
    ],
    ['{{ with later }}{{ .x }}{{ else }}{{ .name }}{{ end }}', '{{ with later }}{{ .x }}{{ else }}{{ "web" }}{{ end }}'],
    ['{{ host .name | upper }} {{ upper (host "b") }}', '{{ "h-web" | upper }} {{ upper ("h-b") }}'],
    [
      '{{ define "t" }}{{ .x }}{{ $.y }}{{ end }}{{ template "t" .deep.er.x }}',
      '{{ define "t" }}{{ .x }}{{ $.y }}{{ end }}{{ template "t" "y" }}',
    ],
  ])('puts data in as literals: %s', (source, expected) => {
    expect(put(source)).toBe(expected);
  });

  test('refuses a function of the host whose argument is known only later', () => {
    expect(failure(() => put('{{ host later }}'))).toBe('3: the arguments of host must be known in advance');
  });
});
