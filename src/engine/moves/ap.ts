import { moves } from './kind';

/** AP creation, INIT and SIPI, and how a vCPU gets its VMSA. */
export const apMoves = moves({
  apRemembered: {
    from: 'kvm',
    to: 'kvm',
    text: 'v{target}: {request} waits, VMSA {gpa}',
    args: { target: 'dec', request: 'text', gpa: 'hex64' },
  },
  apRefused: {
    from: 'kvm',
    to: 'guest',
    text: 'AP creation refused 2/5: {why}',
    args: { why: 'text' },
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
  mpStateSet: {
    from: 'vmm',
    to: 'kvm',
    text: 'SET_MP_STATE {value} = {ret}',
    args: { value: 'text', ret: 'dec' },
  },
  mpStateRead: { from: 'kvm', to: 'vmm', text: 'GET_MP_STATE = {value}', args: { value: 'text' } },
});
