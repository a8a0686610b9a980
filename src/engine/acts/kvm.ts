/** What happens inside the host's kernel without a call from outside: a thread continues, or a page is accessed. */
import { threadNames } from '../state/thread';
import { need, table } from './parameter';

const gfn = need('count', 'guest frame of the private page');

/** The verbs of KVM. */
export const kvmActs = table({
  wake: {
    doc: 'the thread of a vCPU that sleeps or was kicked continues',
    params: { vcpu: need('count', 'vCPU id') },
  },
  continue: {
    doc: 'a thread that waits for a lock goes on: the lock is free, or a fatal signal ends the wait',
    params: { thread: need(threadNames, 'thread of the VMM') },
  },
  rmpupdate: {
    doc: 'the host executes RMPUPDATE of 4 KiB once, independent of the state that KVM keeps of the page',
    params: { gfn, to: need(['shared', 'private', 'pre-guest'], 'what the entry becomes') },
  },
  'host-write': {
    doc: 'the host writes eight bytes to the start of the page',
    params: { gfn, value: need('u64', 'bytes, the lowest first') },
  },
  'host-copy': {
    doc: 'the host copies the bytes of one private page to another, as it finds them',
    params: {
      from: need('count', 'guest frame of the page that is read'),
      to: need('count', 'of the one that is written'),
    },
  },
  migrate: {
    doc: "the host's memory management tries to move the page: compaction, NUMA balancing, memory hotplug",
    params: { gfn },
  },
  reclaim: {
    doc: 'the host executes the firmware command SNP_PAGE_RECLAIM on 4 KiB',
    params: { gfn },
  },
});
