/** What happens inside the host's kernel without anyone's call: a thread goes on, or a page is touched. */
import { need, table } from './parameter';

const gfn = need('count', 'guest frame whose private page is meant');

/** The verbs of KVM. */
export const kvmActs = table({
  wake: {
    doc: 'the thread of a vCPU that sleeps or was kicked goes on',
    params: { vcpu: need('count', 'vCPU id') },
  },
  rmpupdate: {
    doc: 'the host executes RMPUPDATE of 4 KiB once, whatever KVM keeps of the page',
    params: { gfn, to: need(['shared', 'private', 'pre-guest'], 'what the entry becomes') },
  },
  'host-write': {
    doc: 'the host writes eight bytes to the start of the page',
    params: { gfn, value: need('u64', 'bytes, the lowest first') },
  },
  reclaim: {
    doc: 'the host has the firmware do SNP_PAGE_RECLAIM of 4 KiB',
    params: { gfn },
  },
});
