/** Memory instructions of the guest. */
import { refused } from '../acts';
import type { GuestHandlers } from '../perform';

const notYet = () => refused('not built yet');
export const guestMemoryHandlers = {
  'make-vmsa': notYet,
  pvalidate: notYet,
  rmpadjust: notYet,
  read: notYet,
  write: notYet,
} satisfies Partial<GuestHandlers>;
