/** Acts inside KVM without a call from outside. */
import type { HandlersOf } from '../handlers';
import { hostWrite, reclaimPage, rmpUpdatePage } from './page-acts';
import { wakeThread } from './run/run';

export const kvmHandlers: HandlersOf<'kvm'> = {
  wake: (world, { vcpu }) => wakeThread(world, vcpu),
  rmpupdate: rmpUpdatePage,
  'host-write': hostWrite,
  reclaim: reclaimPage,
};
