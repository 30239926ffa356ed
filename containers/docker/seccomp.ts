import { AF_VSOCK, ARM64, COMMON, NEW_NAMESPACES, X86_64 } from '../system/system-calls.ts';

const EPERM = 1;
const ENOSYS = 38;
/** Each namespace of clone(2) by its flag. */
const FLAGS = Array.from({ length: 32 }, (_, bit) => 2 ** bit).filter((flag) => (NEW_NAMESPACES & flag) !== 0);

/**
 * What `seccompFilter` refuses, as a profile of containers (the form of Docker's and Podman's): for Podman, whose own allows keys, mounts and namespaces.
 */
export function seccompProfile(): string {
  const refused = { action: 'SCMP_ACT_ERRNO', errnoRet: EPERM };
  const calls = [...new Set(Object.keys({ ...X86_64, ...ARM64, ...COMMON }))].sort();
  const clones = FLAGS.map((flag) => ({
    names: ['clone'],
    ...refused,
    args: [{ index: 0, value: flag, valueTwo: flag, op: 'SCMP_CMP_MASKED_EQ' }],
  }));
  const sockets = { names: ['socket'], ...refused, args: [{ index: 0, value: AF_VSOCK, op: 'SCMP_CMP_EQ' }] };
  return JSON.stringify({
    defaultAction: 'SCMP_ACT_ALLOW',
    syscalls: [{ names: calls, ...refused }, { names: ['clone3'], ...refused, errnoRet: ENOSYS }, ...clones, sockets],
  });
}
