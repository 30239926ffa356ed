import { expect, test } from 'vitest';
import { GoRegExp } from '../../gotemplate/formats/regexp.ts';

test('an expression that others need exponential time for needs linear time', () => {
  const expression = new GoRegExp('^(a+)+$');
  expect(expression.test(`${'a'.repeat(20_000)}!`)).toBe(false);
  expect(expression.test('a'.repeat(20_000))).toBe(true);
});

test.each([
  ['(?i)(?P<word>[[:alpha:]]+)-(\\d+)', 'x AB-12 cd-3', ['AB-12', 'cd-3'], 'x 12:AB 3:cd'],
  ['a*', 'baac', ['', 'aa', ''], ':b:c:'],
  ['\\Qa.b\\E', 'a.b axb', ['a.b'], ': axb'],
  ['\\pL+', 'né 1', ['né'], ': 1'],
])('an expression means what it means to Go: %s', (source, text, found, replaced) => {
  const expression = new GoRegExp(source);
  expect(expression.findAll(text, -1)).toEqual(found);
  expect(expression.replaceAll(text, source.includes('word') ? '$2:$word' : ':')).toBe(replaced);
});

test.each(['a(b', '[z-a]', '(?<=a)b', 'a**', '\\8'])('an expression that is none is an error in the words of Go: %s', (source) => {
  expect(() => new GoRegExp(source)).toThrow(/^error parsing regexp: /);
});
