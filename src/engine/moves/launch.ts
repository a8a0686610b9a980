import { moves } from './kind';

/** From KVM_CREATE_VM to the end of the VM: ioctls, firmware commands, and what KVM gives up. */
export const launchMoves = moves({
  ioctl: { from: 'vmm', to: 'kvm', text: '{call} {detail}', args: { call: 'text', detail: 'text' } },
  ioctlReturns: {
    from: 'kvm',
    to: 'vmm',
    text: '{call} = {ret}, error {error}',
    args: { call: 'text', ret: 'text', error: 'text' },
  },
  ioctlRefused: {
    from: 'kvm',
    to: 'vmm',
    text: '{call} = {ret}: {why}',
    args: { call: 'text', ret: 'text', why: 'text' },
    refused: true,
  },
  firmwareCommand: {
    from: 'kvm',
    to: 'firmware',
    text: '{command}: {answer}',
    args: { command: 'text', id: 'hex', answer: 'text', status: 'dec' },
  },
  asidAllocated: { from: 'kvm', to: 'kvm', text: 'ASID {asid}', args: { asid: 'dec' } },
  vcpuCreated: {
    from: 'vmm',
    to: 'kvm',
    text: 'CREATE_VCPU {vcpu}: {state}',
    args: { vcpu: 'dec', state: 'text' },
  },
  vcpuClosed: {
    from: 'vmm',
    to: 'kvm',
    text: 'file of v{vcpu} closed',
    args: { vcpu: 'dec' },
  },
  vmsaBuilt: {
    from: 'kvm',
    to: 'kvm',
    text: 'VMSA of v{vcpu}: SEV_FEATURES {features}, RAX {rax}',
    args: { vcpu: 'dec', pfn: 'hex', features: 'hex64', rax: 'hex64' },
  },
  vmsaProtected: { from: 'kvm', to: 'kvm', text: 'v{vcpu}: register state protected', args: { vcpu: 'dec' } },
  esLaunchAssumed: {
    from: 'vmm',
    to: 'kvm',
    text: 'the SEV-ES launch is taken as done',
    args: {},
  },
  finishParameters: {
    from: 'kvm',
    to: 'firmware',
    text: 'ID block {idBlock}, author key {authorKey}, VCEK disabled {vcekDisabled}',
    args: { idBlock: 'dec', authorKey: 'dec', vcekDisabled: 'dec' },
  },
  updateStopped: {
    from: 'kvm',
    to: 'kvm',
    text: 'stopped after {done} of {pages} pages',
    args: { done: 'dec', pages: 'dec' },
    refused: true,
  },
  cpuidCorrected: {
    from: 'kvm',
    to: 'vmm',
    text: 'corrected CPUID table written to {uaddr}',
    args: { uaddr: 'hex64' },
  },
  vmBugged: {
    from: 'kvm',
    to: 'kvm',
    text: 'VM bugged: every ioctl is -EIO from here',
    args: {},
    refused: true,
  },
  kernelWarn: { from: 'kvm', to: 'kvm', text: 'WARN: {what}', args: { what: 'text' } },
  kernelLog: { from: 'kvm', to: 'kvm', text: 'log: {what}', args: { what: 'text' } },
  neverReturns: {
    from: 'kvm',
    to: 'kvm',
    text: '{what} is retried for ever; the call never returns',
    args: { what: 'text' },
    refused: true,
  },
  vmDestroyed: { from: 'vmm', to: 'kvm', text: 'last file of the VM closed', args: {} },
});
