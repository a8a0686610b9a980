/** Error numbers of Linux that the protocol uses. Ioctls return them negated; kvm_run answers hold them positive. */

/** Numbers by name. */
export const errno = {
  EPERM: 1,
  ENOENT: 2,
  EINTR: 4,
  EIO: 5,
  EBADF: 9,
  EAGAIN: 11,
  ENOMEM: 12,
  EFAULT: 14,
  EBUSY: 16,
  EEXIST: 17,
  ENODEV: 19,
  EINVAL: 22,
  ENOTTY: 25,
  ENOSPC: 28,
  ENXIO: 6,
  EOPNOTSUPP: 95,
  ETIMEDOUT: 110,
  EHWPOISON: 133,
} as const;

/** A name of {@link errno}. */
export type ErrnoName = keyof typeof errno;

const names: ReadonlyMap<number, string> = new Map(
  Object.entries(errno).map(([name, number]) => [number, name]),
);

/** The name of a positive error number, or `undefined`. */
export const errnoName = (number: number): string | undefined => names.get(number);

/** What an ioctl returned, as people write it: `0`, `-EINVAL`, or the number when it has no name here. */
export function errnoText(returned: number): string {
  const name = returned < 0 ? errnoName(-returned) : undefined;
  return name === undefined ? String(returned) : `-${name}`;
}

/** Results of KVM hypercalls in RAX, negated. */
export const KVM_ENOSYS = 1000;
export const KVM_EPERM = 1;
