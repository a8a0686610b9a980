import { moves } from './kind';

/** AP creation, INIT and SIPI, and how a vCPU gets its VMSA. */
export const apMoves = moves({
  apRemembered: {
    from: 'kvm',
    to: 'kvm',
    text: 'v{target}: {request} waits, VMSA {gpa}',
    args: { target: 'dec', request: 'text', gpa: 'hex64' },
  },
  apIgnored: {
    from: 'kvm',
    to: 'kvm',
    text: 'AP creation not carried out, the requester is not told',
    args: {},
    refused: true,
  },
  apDestroyed: { from: 'kvm', to: 'kvm', text: 'v{target}: DESTROY waits', args: { target: 'dec' } },
  holdTaken: { from: 'kvm', to: 'guest', text: 'AP reset hold, {state}', args: { state: 'text' } },
  kick: { from: 'kvm', to: 'kvm', text: 'kick v{target}', args: { target: 'dec' } },
  ipi: { from: 'guest', to: 'kvm', text: '{what} to v{target}', args: { what: 'text', target: 'dec' } },
  initAccepted: { from: 'kvm', to: 'guest', text: 'INIT taken, {state}', args: { state: 'text' } },
  sipiAccepted: { from: 'kvm', to: 'guest', text: 'SIPI taken: {effect}', args: { effect: 'text' } },
  sipiDropped: {
    from: 'kvm',
    to: 'guest',
    text: 'SIPI dropped in {state}',
    args: { state: 'text' },
    refused: true,
  },
  vmsaLookedUp: { from: 'kvm', to: 'kvm', text: 'look up the page of VMSA {gpa}', args: { gpa: 'hex64' } },
  vmsaInstalled: { from: 'kvm', to: 'guest', text: 'VMCB names VMSA {gpa}', args: { gpa: 'hex64' } },
  vmsaNotInstalled: {
    from: 'kvm',
    to: 'guest',
    text: 'no VMSA: {why}; {state}',
    args: { why: 'text', state: 'text' },
  },
  physicalZeroInstalled: {
    from: 'kvm',
    to: 'guest',
    text: 'no memslot for VMSA {gpa}: VMCB names physical address 0',
    args: { gpa: 'hex64' },
  },
  uninitializedStarted: {
    from: 'kvm',
    to: 'kvm',
    text: 'UNINITIALIZED becomes RUNNABLE, by {by}',
    args: { by: 'text' },
  },
  initRefused: {
    from: 'kvm',
    to: 'guest',
    text: 'INIT refused in {state}',
    args: { state: 'text' },
    refused: true,
  },
  mpStateSet: {
    from: 'vmm',
    to: 'kvm',
    text: 'SET_MP_STATE {value} = {ret}',
    args: { value: 'text', ret: 'dec' },
  },
  mpStateRead: { from: 'kvm', to: 'vmm', text: 'GET_MP_STATE = {value}', args: { value: 'text' } },
});
