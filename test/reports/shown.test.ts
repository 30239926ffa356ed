import { expect, test } from 'vitest';
import { harmless } from '../../reports/shown.ts';

const ESC = '\x1b';

test.each([
  ['moves and clears', `a${ESC}[2Jb${ESC}[10;1H${ESC}]0;title\x07`, 'a\\u001b[2Jb\\u001b[10;1H\\u001b]0;title\\u0007'],
  ['C1 controls', 'a\x9b2Jb\x85', 'a\\u009b2Jb\\u0085'],
  ['a carriage return that covers what stands before', 'refused\rok', 'refused\\u000dok'],
  ['changes of direction', 'a\u202eb\u2066c', 'a\\u202eb\\u2066c'],
  ['a command to GitHub', 'x\n  ::error file=a::b\n::warning::c', 'x\n  \\u003a:error file=a::b\n\\u003a:warning::c'],
  [
    'commands to Azure and TeamCity',
    '"##vso[task.setvariable]x ##[error]y ##teamcity[z]',
    '"\\u0023#vso[task.setvariable]x \\u0023#[error]y \\u0023#teamcity[z]',
  ],
])('what a terminal or a CI would act on is shown instead: %s', (_, text, shown) => {
  expect(harmless(text)).toBe(shown);
});

test.each([
  ['colours', `${ESC}[31m✖${ESC}[0m`],
  ['ends of lines and tabs', 'a\tb\r\nc\n'],
  ['text in any script', 'naïve 日本 🎉 עברית'],
  ['what only looks like a command', 'std::vector, a::b::c, ## title, [x] # y'],
])('everything else is shown as it is: %s', (_, text) => {
  expect(harmless(text)).toBe(text);
});
