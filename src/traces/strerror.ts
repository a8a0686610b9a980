/** Error numbers as strerror prints them in the C locale: those that KVM_RUN and the memory ioctls return. */
import { errno } from '../abi/errno';

const texts: readonly (readonly [number: number, text: string])[] = [
  [errno.EPERM, 'Operation not permitted'],
  [errno.ENOENT, 'No such file or directory'],
  [errno.EINTR, 'Interrupted system call'],
  [errno.EIO, 'Input/output error'],
  [errno.EBADF, 'Bad file descriptor'],
  [errno.EAGAIN, 'Resource temporarily unavailable'],
  [errno.ENOMEM, 'Cannot allocate memory'],
  [errno.EFAULT, 'Bad address'],
  [errno.EBUSY, 'Device or resource busy'],
  [errno.EEXIST, 'File exists'],
  [errno.ENODEV, 'No such device'],
  [errno.EINVAL, 'Invalid argument'],
  [errno.ENOTTY, 'Inappropriate ioctl for device'],
  [errno.ENOSPC, 'No space left on device'],
  [errno.ENXIO, 'No such device or address'],
  [errno.EOPNOTSUPP, 'Operation not supported'],
];
const numbers: ReadonlyMap<string, number> = new Map(
  texts.map(([number, text]) => [text.toLowerCase(), number]),
);
const byNumber: ReadonlyMap<number, string> = new Map(texts);

/** The positive number of an error text, in any case of letters. */
export const errnoOfText = (text: string): number | undefined => numbers.get(text.trim().toLowerCase());

/** The text of a positive error number, as the C library words a number without one. */
export const strerror = (number: number): string => byNumber.get(number) ?? `Unknown error ${number}`;
