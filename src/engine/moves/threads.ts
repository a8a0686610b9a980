import { moves } from './kind';

/** Threads of the VMM that wait for each other or are lost in the kernel. */
export const threadMoves = moves({
  lockWait: {
    from: 'vmm',
    to: 'kvm',
    text: '{call} on thread {thread} waits for {lock}, held by {holder}',
    args: { thread: 'text', call: 'text', lock: 'text', holder: 'text' },
  },
  lockTaken: {
    from: 'kvm',
    to: 'kvm',
    text: '{call} on thread {thread} gets {lock}',
    args: { thread: 'text', call: 'text', lock: 'text' },
  },
  lockWaitKilled: {
    from: 'kvm',
    to: 'vmm',
    text: '{call} on thread {thread} = -EINTR: killed while it waits for {lock}',
    args: { thread: 'text', call: 'text', lock: 'text' },
    refused: true,
  },
  vmmKilled: { from: 'vmm', to: 'kvm', text: 'SIGKILL to the VMM', args: {} },
  vmLivesOn: {
    from: 'vmm',
    to: 'kvm',
    text: 'every file of the VM is closed; it lives until these threads leave their calls: {threads}',
    args: { threads: 'text' },
  },
  vmHeldByGmem: {
    from: 'vmm',
    to: 'kvm',
    text: 'the files of the VM and its vCPUs are closed; it lives until guest_memfd is closed',
    args: {},
  },
  hostOops: {
    from: 'kvm',
    to: 'kvm',
    text: '{who} is killed by an oops ({what}): {left}',
    args: { who: 'text', what: 'text', left: 'text' },
    refused: true,
  },
  hostPanic: {
    from: 'kvm',
    to: 'vmm',
    text: 'the host panics ({what}): no VM runs any more',
    args: { what: 'text' },
    refused: true,
  },
});
