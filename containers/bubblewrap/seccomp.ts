import { AF_VSOCK, ARM64, CLONE3, COMMON, NEW_NAMESPACES, X86_64 } from '../system/system-calls.ts';

interface Machine {
  /** `AUDIT_ARCH_*` of linux/audit.h. */
  readonly audit: number;
  readonly denied: Readonly<Record<string, number>>;
  readonly clone: number;
  readonly socket: number;
  /** Numbers from here on are of another ABI of the same machine (x32). */
  readonly foreign: number | undefined;
}

const MACHINES: Readonly<Record<string, Machine>> = {
  x64: { audit: 0xc000_003e, denied: X86_64, clone: 56, socket: 41, foreign: 0x4000_0000 },
  arm64: { audit: 0xc000_00b7, denied: ARM64, clone: 220, socket: 198, foreign: undefined },
};

// linux/bpf_common.h and linux/seccomp.h
const LOAD = 0x20;
const JUMP_EQUAL = 0x15;
const JUMP_AT_LEAST = 0x35;
const JUMP_ANY = 0x45;
const RETURN = 0x06;
const ALLOW = 0x7fff_0000;
const KILL_PROCESS = 0x8000_0000;
const errno = (number: number): number => 0x0005_0000 | number;
const EPERM = 1;
const ENOSYS = 38;
/** Where `struct seccomp_data` has the number, the architecture, and the lower half of the first argument. */
const NUMBER = 0;
const ARCHITECTURE = 4;
const FIRST_ARGUMENT = 16;
/**
 * A seccomp filter (classic BPF, see seccomp(2)) that refuses these calls with EPERM and allows all others; `undefined` for an architecture that it is not
 * written for. `clone3`, whose flags a filter can't see, is said not to exist: libraries then use `clone`. A call of another ABI ends the process.
 */
export function seccompFilter(arch: string = process.arch): Buffer | undefined {
  const machine = MACHINES[arch];
  if (machine === undefined) return undefined;
  const { audit, denied, clone, socket, foreign } = machine;
  const program: (readonly [code: number, yes: number, no: number, value: number])[] = [
    [LOAD, 0, 0, ARCHITECTURE],
    [JUMP_EQUAL, 1, 0, audit],
    [RETURN, 0, 0, KILL_PROCESS],
    [LOAD, 0, 0, NUMBER],
  ];
  const refuse = (jump: number, value: number, answer: number): void => void program.push([jump, 0, 1, value], [RETURN, 0, 0, answer]);
  if (foreign !== undefined) refuse(JUMP_AT_LEAST, foreign, errno(ENOSYS));
  for (const number of Object.values({ ...denied, ...COMMON }).sort((a, b) => a - b)) refuse(JUMP_EQUAL, number, errno(EPERM));
  refuse(JUMP_EQUAL, CLONE3, errno(ENOSYS));
  // Of these the first argument decides.
  const refuseWhere = (number: number, jump: number, value: number): void =>
    void program.push(
      [JUMP_EQUAL, 0, 4, number],
      [LOAD, 0, 0, FIRST_ARGUMENT],
      [jump, 0, 1, value],
      [RETURN, 0, 0, errno(EPERM)],
      [RETURN, 0, 0, ALLOW],
    );
  refuseWhere(clone, JUMP_ANY, NEW_NAMESPACES);
  refuseWhere(socket, JUMP_EQUAL, AF_VSOCK);
  program.push([RETURN, 0, 0, ALLOW]);
  const bytes = Buffer.alloc(program.length * 8);
  for (const [index, [code, yes, no, value]] of program.entries()) {
    bytes.writeUInt16LE(code, index * 8);
    bytes.writeUInt8(yes, index * 8 + 2);
    bytes.writeUInt8(no, index * 8 + 3);
    bytes.writeUInt32LE(value >>> 0, index * 8 + 4);
  }
  return bytes;
}
