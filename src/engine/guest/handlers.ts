/** All acts of the guest. */
import type { GuestHandlers } from '../handlers';
import { guestMemoryHandlers } from './memory';
import { programHandlers } from './programs/step';
import { requestHandlers } from './requests';

export const guestHandlers: GuestHandlers = {
  ...requestHandlers,
  ...guestMemoryHandlers,
  ...programHandlers,
};
