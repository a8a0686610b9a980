import { moves } from './kind';

/** VMGEXIT and what KVM answers. */
export const vmgexitMoves = moves({
  msrRequest: {
    from: 'guest',
    to: 'kvm',
    text: 'MSR {name} {value}',
    args: { name: 'text', value: 'hex64' },
  },
  msrAnswer: { from: 'kvm', to: 'guest', text: 'MSR {name} {value}', args: { name: 'text', value: 'hex64' } },
  msrIgnored: { from: 'kvm', to: 'guest', text: 'MSR unchanged {value}', args: { value: 'hex64' } },
  naeRequest: {
    from: 'guest',
    to: 'kvm',
    text: '{what}',
    args: { what: 'text', code: 'hex64', info1: 'hex64', info2: 'hex64' },
  },
  naeIgnored: { from: 'kvm', to: 'guest', text: 'resumed, nothing written: {why}', args: { why: 'text' } },
  naeAnswer: {
    from: 'kvm',
    to: 'guest',
    text: '{name} answered {info1}/{info2}',
    args: { name: 'text', info1: 'hex64', info2: 'hex64' },
  },
  malformedInput: {
    from: 'kvm',
    to: 'guest',
    text: 'malformed input 2/{code}: {why}',
    args: { code: 'dec', why: 'text' },
    refused: true,
  },
  pscRange: {
    from: 'kvm',
    to: 'kvm',
    text: 'PSC entries {first}..{last} one range: {gpa} n={pages}',
    args: { first: 'dec', last: 'dec', gpa: 'hex64', pages: 'dec' },
  },
  pscSkipped: {
    from: 'kvm',
    to: 'kvm',
    text: 'PSC entries {first}..{last}: operation {operation} counted as done',
    args: { first: 'dec', last: 'dec', operation: 'dec' },
  },
  pscAnswer: {
    from: 'kvm',
    to: 'guest',
    text: 'PSC answered 0/{result}, at entry {current}',
    args: { result: 'hex64', current: 'dec' },
  },
  handlerExit: { from: 'kvm', to: 'vmm', text: 'the instruction handler leaves for userspace', args: {} },
  mapGpaRangeExit: {
    from: 'kvm',
    to: 'vmm',
    text: 'HYPERCALL MAP_GPA_RANGE {gpa} n={pages} attr={attributes}',
    args: { gpa: 'hex64', pages: 'hex64', attributes: 'hex64' },
  },
  systemEventExit: {
    from: 'kvm',
    to: 'vmm',
    text: 'SYSTEM_EVENT type {type} data[0]={data}',
    args: { type: 'dec', data: 'hex64' },
  },
  portIoExit: {
    from: 'kvm',
    to: 'vmm',
    text: 'IO {direction} port {port} size {size}',
    args: { direction: 'text', port: 'hex', size: 'dec' },
  },
  mmioExit: {
    from: 'kvm',
    to: 'vmm',
    text: 'MMIO {direction} {gpa} len {length}',
    args: { direction: 'text', gpa: 'hex64', length: 'dec' },
  },
  apResetHoldExit: { from: 'kvm', to: 'vmm', text: 'AP_RESET_HOLD', args: {} },
  completionDone: { from: 'kvm', to: 'kvm', text: 'completion: ret={ret}', args: { ret: 'hex64' } },
});
