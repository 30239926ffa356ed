import { expect, test } from 'vitest';
import { freeAddresses } from '../../containers/bubblewrap/addresses.ts';

const HEAD = 'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT';
const DEFAULT = 'eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0';
const route = (destination: string, mask: string): string => `eth0\t${destination}\t00000000\t0001\t0\t0\t0\t${mask}\t0\t0\t0`;

test.each([
  ['the first where nothing but the world has a route', [DEFAULT], '192.0.2'],
  ['none of a network that the machine is in', [DEFAULT, route('000200C0', '00FFFFFF')], '198.51.100'],
  ['none of a larger network', [route('000000C0', '000000F0')], '10.0.2'],
  ['none that has a single address of another', [route('050200C0', 'FFFFFFFF'), route('086433C6', 'F8FFFFFF')], '203.0.113'],
])('the addresses of a node’s network are %s', (_, routes, expected) => {
  expect(freeAddresses([HEAD, ...routes, ''].join('\n'))).toBe(expected);
});
