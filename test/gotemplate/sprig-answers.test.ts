import { expect, test } from 'vitest';
import { FUNCTIONS, parseTemplate, render } from '../../gotemplate/index.ts';

/** Atmos's own answers. */
test.each([
  ['{{ snakecase "HTTPServer2Go" }}', 'http_server2_go'],
  ['{{ snakecase "HTTP20xServer" }}', 'http_20x_server'],
  ['{{ snakecase "Server2Go" }}', 'server2_go'],
  ['{{ snakecase "a1b2" }}', 'a_1b2'],
  ['{{ snakecase "A1B2" }}', 'a1_b2'],
  ['{{ snakecase "ab12cd" }}', 'ab_12cd'],
  ['{{ snakecase "AB12CD" }}', 'ab12_cd'],
  ['{{ snakecase "x2Y" }}', 'x2_y'],
  ['{{ snakecase "HTTP2" }}', 'http2'],
  ['{{ snakecase "http2Server" }}', 'http2_server'],
  ['{{ snakecase "UTF8String" }}', 'utf8_string'],
  ['{{ snakecase "v1.2.3" }}', 'v1.2.3'],
  ['{{ snakecase "ID3v2" }}', 'id_3v2'],
  ['{{ snakecase "_x_y" }}', '_x_y'],
  ['{{ snakecase "__a_b" }}', '__a_b'],
  ['{{ snakecase "x_y_" }}', 'x_y_'],
  ['{{ snakecase "fooBar" }}', 'foo_bar'],
  ['{{ snakecase "Foo-Bar baz" }}', 'foo_bar_baz'],
  ['{{ snakecase "ABc" }}', 'a_bc'],
  ['{{ snakecase "aBC" }}', 'a_bc'],
  ['{{ snakecase "1st Place" }}', '1st_place'],
  ['{{ snakecase "a__b" }}', 'a__b'],
  ['{{ snakecase "--a" }}', '__a'],
  ['{{ kebabcase "HTTPServer2Go" }}', 'http-server2-go'],
  ['{{ kebabcase "HTTP20xServer" }}', 'http-20x-server'],
  ['{{ kebabcase "Server2Go" }}', 'server2-go'],
  ['{{ kebabcase "a1b2" }}', 'a-1b2'],
  ['{{ kebabcase "A1B2" }}', 'a1-b2'],
  ['{{ kebabcase "ab12cd" }}', 'ab-12cd'],
  ['{{ kebabcase "AB12CD" }}', 'ab12-cd'],
  ['{{ kebabcase "x2Y" }}', 'x2-y'],
  ['{{ kebabcase "HTTP2" }}', 'http2'],
  ['{{ kebabcase "http2Server" }}', 'http2-server'],
  ['{{ kebabcase "UTF8String" }}', 'utf8-string'],
  ['{{ kebabcase "v1.2.3" }}', 'v1.2.3'],
  ['{{ kebabcase "ID3v2" }}', 'id-3v2'],
  ['{{ kebabcase "_x_y" }}', '-x-y'],
  ['{{ kebabcase "__a_b" }}', '--a-b'],
  ['{{ kebabcase "x_y_" }}', 'x-y-'],
  ['{{ kebabcase "fooBar" }}', 'foo-bar'],
  ['{{ kebabcase "Foo-Bar baz" }}', 'foo-bar-baz'],
  ['{{ kebabcase "ABc" }}', 'a-bc'],
  ['{{ kebabcase "aBC" }}', 'a-bc'],
  ['{{ kebabcase "1st Place" }}', '1st-place'],
  ['{{ kebabcase "a__b" }}', 'a--b'],
  ['{{ kebabcase "--a" }}', '--a'],
  ['{{ camelcase "HTTPServer2Go" }}', 'Httpserver2Go'],
  ['{{ camelcase "HTTP20xServer" }}', 'Http20xServer'],
  ['{{ camelcase "Server2Go" }}', 'Server2Go'],
  ['{{ camelcase "a1b2" }}', 'A1b2'],
  ['{{ camelcase "A1B2" }}', 'A1B2'],
  ['{{ camelcase "ab12cd" }}', 'Ab12cd'],
  ['{{ camelcase "AB12CD" }}', 'Ab12CD'],
  ['{{ camelcase "x2Y" }}', 'X2Y'],
  ['{{ camelcase "HTTP2" }}', 'Http2'],
  ['{{ camelcase "http2Server" }}', 'Http2Server'],
  ['{{ camelcase "UTF8String" }}', 'Utf8String'],
  ['{{ camelcase "v1.2.3" }}', 'V1.2.3'],
  ['{{ camelcase "ID3v2" }}', 'Id3v2'],
  ['{{ camelcase "_x_y" }}', '_XY'],
  ['{{ camelcase "__a_b" }}', '__AB'],
  ['{{ camelcase "x_y_" }}', 'XY_'],
  ['{{ camelcase "fooBar" }}', 'FooBar'],
  ['{{ camelcase "Foo-Bar baz" }}', 'FooBarBaz'],
  ['{{ camelcase "ABc" }}', 'Abc'],
  ['{{ camelcase "aBC" }}', 'ABC'],
  ['{{ camelcase "1st Place" }}', '1stPlace'],
  ['{{ camelcase "a__b" }}', 'A_B'],
  ['{{ camelcase "--a" }}', '--A'],
  ['{{ title "it\'s a-b_c d.e é1f" }}', "It'S A-B_c D.E É1f"],
  ['{{ title "hello wOrld" }}', 'Hello WOrld'],
  ['{{ divf 1 3 }}', '0.3333333333333333'],
  ['{{ divf 10 3.7 }}', '2.7027027027027026'],
  ['{{ mulf 1.1 1.1 }}', '1.21'],
  ['{{ addf 0.1 0.2 }}', '0.3'],
  ['{{ subf 1 0.9 }}', '0.1'],
  ['{{ list 1 2 3 | toDecimal }}', '0'],
  ['{{ toDecimal 777 }}', '511'],
  ['{{ toDecimal "0777" }}', '511'],
  ['{{ toDecimal 0o777 }}', '329'],
  [
    '{{ mergeOverwrite (dict "a" 1 "c" (dict "x" 1)) (dict "a" 0 "b" "" "c" (dict "x" 0 "y" list)) | toJson }}',
    '{"a":0,"b":"","c":{"x":0,"y":[]}}',
  ],
  ['{{ merge (dict "a" 0) (dict "a" 1 "b" "") | toJson }}', '{"a":1,"b":""}'],
  ['{{ untitle "It\'S A" }}', "it'S a"],
  ['{{ (semver "1.2.3").IncMinor | toString }}', '1.3.0'],
  ['{{ (semver "1.2.3-rc.1+b").IncPatch | toString }}', '1.2.3'],
  ['{{ (semver "1.2.3").IncMajor | toString }}', '2.0.0'],
  ['{{ (semver "1.2.3-a+b").Original }}', '1.2.3-a+b'],
  ['{{ (semver "1.2.3-a+b").String }}', '1.2.3-a+b'],
  ['{{ (semver "v1.2").Original }}', 'v1.2'],
  ['{{ printf "%v" (dict "x" (list 1 2)) }}', 'map[x:[1 2]]'],
])('%s is what Atmos gives', (template, expected) => {
  expect(render(parseTemplate(template), {}, { functions: FUNCTIONS, missingKey: 'default' })).toBe(expected);
});

const given = (template: string): string => render(parseTemplate(template), {}, { functions: FUNCTIONS, missingKey: 'default' });

test.each([
  [1, 'long', 'ZedaFaxcZaso9*'],
  [2, 'long', 'Fovi2@JifpTupx'],
  [1, 'maximum', 'pf4zS1LjCg&LjhsZ7T2~'],
  [1, 'medium', 'ZedJuz8$'],
  [1, 'basic', 'pIS54PLs'],
  [1, 'short', 'Zed5'],
  [1, 'pin', '6685'],
  [1, 'none', 'cannot find password template none'],
])('password %i of the kind %s is that of Master Password', (counter, kind, expected) => {
  expect(given(`{{ derivePassword ${counter} "${kind}" "password" "user" "example.com" }}`)).toBe(expected);
});

test('what encryptAES makes decryptAES reads, and nobody without the password', () => {
  expect(given('{{ encryptAES "key" "in the clear" | decryptAES "key" }}')).toBe('in the clear');
  expect(given('{{ decryptAES "secretkey" "30tEfhuJSVRhpG97XCuWgz2okj7L8vQ1s6V9zVUPeDQ=" }}')).toBe('plaintext');
  expect(() => given('{{ decryptAES "other" "30tEfhuJSVRhpG97XCuWgz2okj7L8vQ1s6V9zVUPeDQ=" }}')).toThrow('the password is another one');
});

test.each([
  'genPrivateKey "rsa"',
  'genCA "x" 3',
  'genSelfSignedCert "x" nil nil 3',
  'bcrypt "x"',
  'htpasswd "a" "b"',
  'getHostByName "localhost"',
])('%s says why it is not there', (call) => {
  expect(() => given(`{{ ${call} }}`)).toThrow('is not there in deployments');
});
