import { expect, test } from 'vitest';
import { FUNCTIONS, parseTemplate, render, TemplateError, type Value } from '../../gotemplate/index.ts';

const DATA: Value = { name: 'web', list: ['b', 'a'], map: { b: 2, a: 1 }, text: 'a: 1\nb: 2', zero: 0, none: null };
const run = (template: string): string => render(parseTemplate(template), DATA, { functions: FUNCTIONS, missingKey: 'default' });

test.each([
  [
    '{{ default "x" .zero }} {{ default "x" .name }} {{ coalesce .none .zero "c" }} {{ ternary "y" "n" true }} {{ empty .none }}',
    'x web c y true',
  ],
  ['{{ upper .name }} {{ lower "ABC" }} {{ title "a bc" }} {{ trim "  x " }} {{ repeat 3 "-" }}', 'WEB abc A Bc x ---'],
  [
    '{{ trimSuffix ".git" "a.git" }} {{ trimPrefix "v" "v1" }} {{ replace "." "-" "1.2.3" }} {{ trunc 2 "abc" }} {{ trunc -2 "abc" }}',
    'a 1 1-2-3 ab bc',
  ],
  ['{{ contains "e" .name }} {{ hasPrefix "w" .name }} {{ hasSuffix "x" .name }}', 'true true false'],
  ['{{ quote .name 1 }} {{ squote .name }} {{ toString 3 }}', '"web" "1" \'web\' 3'],
  ['{{ join "," .list }} {{ splitList "/" "a/b" }} {{ (split "/" "a/b")._1 }} {{ sortAlpha .list }}', 'b,a [a b] b [a b]'],
  [
    '{{ int "12" }} {{ add 1 2 3 }} {{ sub 5 2 }} {{ mul 2 3 }} {{ div 7 2 }} {{ mod 7 2 }} {{ max 1 9 3 }} {{ min 4 2 }}',
    '12 6 3 6 3 1 9 2',
  ],
  ['{{ list 1 2 | len }} {{ get (dict "a" 1) "a" }} {{ hasKey .map "c" }} {{ keys .map | sortAlpha }}', '2 1 false [a b]'],
  ['{{ toJson .map }} {{ (fromJson "{\\"x\\": [1]}").x }}', '{"a":1,"b":2} [1]'],
  ['{{ b64enc "hi" }} {{ b64dec "aGk=" }} {{ sha256sum "" | trunc 8 }}', 'aGk= hi e3b0c442'],
  ['{{ indent 2 .text }}|{{ nindent 2 "x" }}', '  a: 1\n  b: 2|\n  x'],
  ['{{ printf "%s|%v|%d|%q|%5d|%-4s|%05.1f|%t|%%|%x" "a" .list 3 "q" 42 "l" 2.55 true 255 }}', 'a|[b a]|3|"q"|   42|l   |002.5|true|%|ff'],
  ['{{ eq 1 2 1 }} {{ ne "a" "b" }} {{ lt 1 2 }} {{ ge "b" "a" }} {{ not 0 }}', 'true true true true true'],
  ['{{ index .list 1 }} {{ index .map "b" }} {{ len "ü" }} {{ slice .list 1 2 }} {{ print "a" "b" }}', 'a 2 2 [a] ab'],
])('%s gives %s', (template, expected) => {
  expect(run(template)).toBe(expected);
});

test.each(['{{ index .list 7 }}', '{{ div 1 0 }}', '{{ lt 1 "a" }}', '{{ required "set it" .none }}', '{{ first "x" }}'])(
  '%s is refused',
  (template) => {
    expect(() => run(template)).toThrow(TemplateError);
  },
);
