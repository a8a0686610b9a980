import { moves } from './kind';

/** The VMM's handling of an exit, and its other actions. */
export const vmmMoves = moves({
  vmmReads: { from: 'kvm', to: 'vmm', text: '{who} reads exit {exit}', args: { who: 'text', exit: 'text' } },
  vmmConverts: {
    from: 'vmm',
    to: 'vmm',
    text: 'convert {gpa} n={pages} to {state}',
    args: { gpa: 'hex64', pages: 'dec', state: 'text' },
  },
  vmmConvertFails: {
    from: 'vmm',
    to: 'vmm',
    text: 'conversion fails: {why}',
    args: { why: 'text' },
    refused: true,
  },
  vmmDiscards: {
    from: 'vmm',
    to: 'vmm',
    text: 'discard shared {gpa} n={pages}',
    args: { gpa: 'hex64', pages: 'dec' },
  },
  vmmPreFaults: {
    from: 'vmm',
    to: 'kvm',
    text: 'KVM_PRE_FAULT_MEMORY {gpa} n={pages}',
    args: { gpa: 'hex64', pages: 'dec' },
  },
  vmmLeavesAlone: { from: 'vmm', to: 'vmm', text: 'nothing done: {why}', args: { why: 'text' } },
  vmmWritesRet: { from: 'vmm', to: 'kvm', text: 'kvm_run.hypercall.ret = {ret}', args: { ret: 'hex64' } },
  vmmWritesData: { from: 'vmm', to: 'kvm', text: 'data for the read: {value}', args: { value: 'hex64' } },
  vmmDevice: { from: 'vmm', to: 'vmm', text: '{device}: {what}', args: { device: 'text', what: 'text' } },
  vmmWaits: {
    from: 'vmm',
    to: 'vmm',
    text: 'v{vcpu} is not run again: {why}',
    args: { vcpu: 'dec', why: 'text' },
  },
  vmmStops: { from: 'vmm', to: 'vmm', text: 'VM stopped: {why}', args: { why: 'text' } },
});
