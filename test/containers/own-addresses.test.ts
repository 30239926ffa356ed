import { expect, test } from 'vitest';
import { localAddresses, namesIn, unnamed } from '../../containers/bubblewrap/own-addresses.ts';

const OWN = new Map([
  ['10.1.2.3', ['box', 'box.example.com']],
  ['172.17.0.1', ['box']],
]);

test.each([
  [['http://10.1.2.3:8080/state'], ['172.17.0.1']],
  [['postgres://user@172.17.0.1/db?x=1', '{"a":"10.1.2.3"}'], []],
  [['http://box:80'], []],
  [['box'], []],
  [['host=box dbname=x'], []],
  [
    ['{"name":"box"}', 'the box', 'http://boxes/', 'http://other/box'],
    ['10.1.2.3', '172.17.0.1'],
  ],
  [['https://BOX.example.com/'], ['172.17.0.1']],
  [
    ['110.1.2.3', '10.1.2.30', '10.1.2.3.4', 'mailbox', 'box.example.community', 'box-2', 'xbox.example.com'],
    ['10.1.2.3', '172.17.0.1'],
  ],
  [[], ['10.1.2.3', '172.17.0.1']],
])('with %j these addresses of the machine are not named: %j', (texts, left) => {
  expect(unnamed(OWN, texts)).toEqual(left);
});

test('names of addresses are those of the table of hosts', () => {
  const text = '127.0.0.1 localhost\n10.1.2.3\tbox.example.com  box # mine\n\n10.1.2.3 other\n';
  expect(namesIn(text).get('10.1.2.3')).toEqual(['box.example.com', 'box', 'other']);
});

test('a machine’s own addresses are those that its routes call local, of whatever interface, but its loopback', () => {
  const trie = `Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 0.0.0.0
        /0 universe UNICAST
     +-- 172.17.0.0/16 2 0 2
        |-- 172.17.0.0
           /16 link UNICAST
        |-- 172.17.0.1
           /32 host LOCAL
        |-- 172.17.255.255
           /32 link BROADCAST
Local:
        |-- 127.0.0.1
           /32 host LOCAL
        |-- 127.0.0.0
           /8 host LOCAL
        |-- 172.17.0.1
           /32 host LOCAL
        |-- 10.1.2.3
           /32 host LOCAL
`;
  expect(localAddresses(trie)).toEqual(['10.1.2.3', '172.17.0.1']);
});
