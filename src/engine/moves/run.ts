import { moves } from './kind';

/** KVM_RUN, guest entry, and the events that stop a vCPU. */
export const runMoves = moves({
  kvmRun: { from: 'vmm', to: 'kvm', text: 'KVM_RUN v{vcpu}', args: { vcpu: 'dec' } },
  kvmRunReturns: {
    from: 'kvm',
    to: 'vmm',
    text: 'KVM_RUN v{vcpu} = {ret}, exit {exit}',
    args: { vcpu: 'dec', ret: 'text', exit: 'text' },
  },
  enter: { from: 'kvm', to: 'guest', text: 'VMRUN {vmsa}', args: { vmsa: 'text' } },
  nmiInjected: { from: 'kvm', to: 'guest', text: 'injects an NMI into v{vcpu}', args: { vcpu: 'dec' } },
  failEntry: {
    from: 'kvm',
    to: 'vmm',
    text: 'FAIL_ENTRY reason {reason}: {why}',
    args: { reason: 'hex64', why: 'text' },
  },
  halted: { from: 'guest', to: 'kvm', text: 'HLT, {state}', args: { state: 'text' } },
  shutdownExit: { from: 'kvm', to: 'vmm', text: 'exit SHUTDOWN', args: {} },
  haltExit: { from: 'kvm', to: 'vmm', text: 'HLT', args: {} },
  vmmAnswer: {
    from: 'vmm',
    to: 'kvm',
    text: 'kvm_run {what} := {value}',
    args: { what: 'text', value: 'hex64' },
  },
  signalSent: { from: 'vmm', to: 'kvm', text: 'signal to the thread of v{vcpu}', args: { vcpu: 'dec' } },
  block: { from: 'kvm', to: 'kvm', text: 'v{vcpu} sleeps in {state}', args: { vcpu: 'dec', state: 'text' } },
  spin: {
    from: 'kvm',
    to: 'kvm',
    text: 'v{vcpu} loops in {state}, request not served',
    args: { vcpu: 'dec', state: 'text' },
  },
  wake: { from: 'kvm', to: 'kvm', text: 'v{vcpu} wakes: {why}', args: { vcpu: 'dec', why: 'text' } },
});
