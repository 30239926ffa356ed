/**
 * A program that makes one system call with one argument, the others 0, and exits with its error number (0 when it worked): a static ELF file of a few
 * dozen instructions, so that a sandbox needs no compiler and no library to try what it refuses.
 */
export function syscallProgram(number: number, argument = 0): Buffer {
  const code = process.arch === 'arm64' ? arm64(number, argument) : x64(number, argument);
  const address = 0x40_0000;
  const header = Buffer.alloc(64 + 56);
  header.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  header.writeUInt16LE(2, 16);
  header.writeUInt16LE(process.arch === 'arm64' ? 183 : 62, 18);
  header.writeUInt32LE(1, 20);
  header.writeBigUInt64LE(BigInt(address + header.length), 24);
  header.writeBigUInt64LE(64n, 32);
  header.writeUInt16LE(64, 52);
  header.writeUInt16LE(56, 54);
  header.writeUInt16LE(1, 56);
  // One segment, readable and executable, of the whole file.
  header.writeUInt32LE(1, 64);
  header.writeUInt32LE(5, 68);
  header.writeBigUInt64LE(BigInt(address), 80);
  header.writeBigUInt64LE(BigInt(address), 88);
  header.writeBigUInt64LE(BigInt(header.length + code.length), 96);
  header.writeBigUInt64LE(BigInt(header.length + code.length), 104);
  header.writeBigUInt64LE(0x1000n, 112);
  return Buffer.concat([header, code]);
}

function x64(number: number, argument: number): Buffer {
  const immediate = (value: number): number[] => [value & 255, (value >>> 8) & 255, (value >>> 16) & 255, (value >>> 24) & 255];
  return Buffer.from([
    ...[0xb8, ...immediate(number)], // mov eax, number
    ...[0xbf, ...immediate(argument)], // mov edi, argument
    ...[0x31, 0xf6, 0x31, 0xd2, 0x45, 0x31, 0xd2, 0x45, 0x31, 0xc0, 0x45, 0x31, 0xc9], // xor esi, edx, r10d, r8d, r9d
    ...[0x0f, 0x05], // syscall
    ...[0x85, 0xc0, 0x78, 0x02, 0x31, 0xc0], // test eax, eax; js +2; xor eax, eax
    ...[0xf7, 0xd8, 0x89, 0xc7], // neg eax; mov edi, eax
    ...[0xb8, ...immediate(60), 0x0f, 0x05], // exit
  ]);
}

function arm64(number: number, argument: number): Buffer {
  const move = (register: number, value: number): number[] => [
    0xd280_0000 | ((value & 0xffff) << 5) | register,
    0xf2a0_0000 | ((value >>> 16) << 5) | register,
  ];
  const words = [
    ...move(8, number),
    ...move(0, argument),
    ...[1, 2, 3, 4, 5].flatMap((register) => move(register, 0)),
    0xd400_0001, // svc #0
    0xf100_001f, // cmp x0, #0
    0x9a9f_b000, // csel x0, x0, xzr, lt
    0xcb00_03e0, // neg x0, x0
    ...move(8, 93),
    0xd400_0001,
  ];
  const code = Buffer.alloc(words.length * 4);
  for (const [index, word] of words.entries()) code.writeUInt32LE(word >>> 0, index * 4);
  return code;
}
