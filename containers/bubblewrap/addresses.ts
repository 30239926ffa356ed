/** Networks for documentation (RFC 5737), which others hardly use; and slirp4netns's own. The first three bytes of addresses. */
const CANDIDATES = ['192.0.2', '198.51.100', '203.0.113', '10.0.2'] as const;

/**
 * The first three bytes of 256 addresses that this machine has no route to, so that they hide nothing that a node may want to reach. `routes` is what
 * stands in `/proc/net/route`: of each route the destination and the mask in columns 2 and 8, as hexadecimal numbers whose first byte is the last.
 */
export function freeAddresses(routes: string): string {
  const taken = routes
    .split('\n')
    .slice(1)
    .map((line) => line.split('\t'))
    .map(([, destination = '', , , , , , mask = '']) => ({ destination: bytesOf(destination), mask: bytesOf(mask) }))
    // What goes nowhere else takes none.
    .filter(({ mask }) => mask.some((byte) => byte !== 0));
  const isFree = (candidate: string): boolean => {
    const bytes = candidate.split('.').map(Number);
    // Two networks have addresses in common where they agree in the bits that count in both.
    return !taken.some(({ destination, mask }) => bytes.every((byte, at) => (((destination[at] ?? 0) ^ byte) & (mask[at] ?? 0)) === 0));
  };
  return CANDIDATES.find(isFree) ?? CANDIDATES[0];
}

function bytesOf(hexadecimal: string): readonly number[] {
  return (hexadecimal.match(/../g) ?? []).reverse().map((byte) => Number.parseInt(byte, 16));
}
