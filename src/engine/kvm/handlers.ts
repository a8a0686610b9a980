/** Acts inside KVM without a call from outside. */
import type { HandlersOf } from '../handlers';
import { hostWrite, reclaimPage, rmpUpdatePage } from './page-acts';
import { hostCopy, migratePage } from './page-copies';
import { wakeThread } from './run/run';

/** All but `continue`, which makes a call of userspace go on. */
export const kvmHandlers: Omit<HandlersOf<'kvm'>, 'continue'> = {
  wake: (world, { vcpu }) => wakeThread(world, vcpu),
  rmpupdate: rmpUpdatePage,
  'host-write': hostWrite,
  'host-copy': hostCopy,
  migrate: migratePage,
  reclaim: reclaimPage,
};
