import { expect, test } from 'vitest';
import { seccompFilter } from '../../containers/bubblewrap/seccomp.ts';
import { seccompProfile } from '../../containers/docker/seccomp.ts';
import { AF_VSOCK, COMMON, NEW_NAMESPACES, X86_64 } from '../../containers/system/system-calls.ts';

const ALLOW = 0x7fff_0000;
const refused = (errno: number): number => 0x0005_0000 + errno;
const X64 = 0xc000_003e;

/** What the filter answers to a system call: classic BPF, as the kernel runs it. */
function answerOf(number: number, argument = 0, arch = X64): number {
  const program = seccompFilter('x64') as Buffer;
  const data = new Map([
    [0, number],
    [4, arch],
    [16, argument],
  ]);
  let loaded = 0;
  for (let at = 0; ; at += 1) {
    const [code, yes, no] = [program.readUInt16LE(at * 8), program.readUInt8(at * 8 + 2), program.readUInt8(at * 8 + 3)];
    const value = program.readUInt32LE(at * 8 + 4);
    if (code === 0x20) loaded = data.get(value) ?? Number.NaN;
    else if (code === 0x06) return value;
    else at += (code === 0x15 ? loaded === value : code === 0x35 ? loaded >= value : (loaded & value) !== 0) ? yes : no;
  }
}

test('the filter refuses what is listed, new namespaces and sockets of the host, and allows the rest', () => {
  for (const number of Object.values({ ...X86_64, ...COMMON })) expect([number, answerOf(number)]).toEqual([number, refused(1)]);
  expect([answerOf(0), answerOf(59), answerOf(257)]).toEqual([ALLOW, ALLOW, ALLOW]);
  expect([answerOf(56, 0x11), answerOf(56, 0x1000_0011), answerOf(56, NEW_NAMESPACES)]).toEqual([ALLOW, refused(1), refused(1)]);
  expect([answerOf(41, 2), answerOf(41, 10), answerOf(41, AF_VSOCK)]).toEqual([ALLOW, ALLOW, refused(1)]);
  expect(answerOf(435)).toBe(refused(38));
});

test('a call of another ABI of the machine does not exist, or ends the process', () => {
  expect([answerOf(0x4000_0000), answerOf(0, 0, 0x4000_0003)]).toEqual([refused(38), 0x8000_0000]);
});

test('the profile for engines refuses the same', () => {
  const { syscalls } = JSON.parse(seccompProfile()) as { syscalls: { names: string[]; args?: { value: number }[] }[] };
  const always = syscalls.filter(({ args }) => args === undefined).flatMap(({ names }) => names);
  expect(always).toEqual(expect.arrayContaining([...Object.keys({ ...X86_64, ...COMMON }), 'clone3']));
  expect(syscalls.find(({ names }) => names.includes('socket'))?.args).toMatchObject([{ value: AF_VSOCK }]);
});
