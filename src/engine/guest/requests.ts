/** The requests that a guest can make to KVM, one function for each act. */
import { pageOffset } from '../../abi/address';
import {
  apInfo1,
  SVM_VMGEXIT_AP_CREATE,
  SVM_VMGEXIT_AP_CREATE_ON_INIT,
  SVM_VMGEXIT_AP_DESTROY,
} from '../../abi/ap-creation';
import {
  cpuidRequest,
  featuresRequest,
  GHCB_MSR_AP_RESET_HOLD_REQ,
  pscRequest,
  terminationRequest,
} from '../../abi/ghcb-msr';
import { ioioInfo1 } from '../../abi/ioio';
import {
  SVM_EXIT_CPUID,
  SVM_EXIT_IOIO,
  SVM_EXIT_MSR,
  SVM_VMGEXIT_AP_CREATION,
  SVM_VMGEXIT_AP_HLT_LOOP,
  SVM_VMGEXIT_HV_FEATURES,
  SVM_VMGEXIT_MMIO_READ,
  SVM_VMGEXIT_MMIO_WRITE,
  SVM_VMGEXIT_PSC,
  SVM_VMGEXIT_TERM_REQUEST,
  SVM_VMGEXIT_UNSUPPORTED_EVENT,
  terminationInfo1,
} from '../../abi/nae';
import { pscEntry, pscHeader, PSC_ENTRY_SIZE, PSC_HEADER_SIZE } from '../../abi/psc';
import { refused, type ActArguments, type Outcome, type PscEntryInput } from '../acts';
import { latchInit, latchSipi, queueNmi } from '../kvm/ap/apic';
import { kvmEmulateHalt } from '../kvm/run/halt';
import { shutdownInterception } from '../kvm/run/shutdown';
import type { Image } from '../memory/image';
import type { GuestHandlers } from '../handlers';
import type { World } from '../world';
import { msrRequest, naeRequest, notInGuest, registerGhcb, requestAsItStands } from './ghcb-writer';
import { serviceHandlers } from './services';

const operations = { none: 0, private: 1, shared: 2, psmash: 3, unsmash: 4 } as const;
const code = (value: number): bigint => BigInt(value);

function writePscBuffer(
  page: Image,
  at: number,
  args: { entries: readonly PscEntryInput[]; cur: number; end: number },
): void {
  page.setU64(at, pscHeader.encode({ curEntry: args.cur, endEntry: args.end }));
  args.entries.forEach((entry, index) => {
    const word = pscEntry.encode({
      curPage: entry.currentPage,
      gfn: entry.gfn,
      operation: entry.operation,
      pageSize: entry.twoMeg ? 1 : 0,
    });
    page.setU64(at + PSC_HEADER_SIZE + index * PSC_ENTRY_SIZE, word);
  });
}

function psc(world: World, vcpu: number, args: ActArguments<'guest', 'psc'>): Outcome {
  const { entries } = args;
  return naeRequest(world, vcpu, { ...args, code: code(SVM_VMGEXIT_PSC) }, (page, scratch) => {
    const at = pageOffset(scratch);
    const room = Math.floor((page.byteLength - at - PSC_HEADER_SIZE) / PSC_ENTRY_SIZE);
    // What would stand behind the page is not written: the guest fills one page.
    if (!entries || room < 0) return;
    writePscBuffer(page, at, {
      entries: entries.slice(0, room),
      cur: args.cur ?? 0,
      end: args.end ?? Math.max(0, entries.length - 1),
    });
  });
}

type ApArguments = ActArguments<'guest', 'ap-create'>;
function apCreation(request: number) {
  return (world: World, vcpu: number, args: ApArguments): Outcome =>
    naeRequest(world, vcpu, {
      code: code(SVM_VMGEXIT_AP_CREATION),
      info1: apInfo1.encode({ apicId: args.target, vmpl: args.vmpl ?? 0, request }),
      info2: args.vmsa,
      rax: args['no-rax'] ? undefined : (args.features ?? world.vm.vmsaFeatures),
    });
}

function ipi(what: 'INIT' | 'SIPI' | 'INIT, SIPI' | 'NMI') {
  return (world: World, vcpu: number, args: { readonly target: number }): Outcome => {
    const impossible = notInGuest(world, vcpu);
    if (impossible) return impossible;
    const target = world.vcpus[args.target];
    if (!target?.exists) return refused(`there is no vCPU ${args.target}`);
    if (what === 'NMI') queueNmi(target);
    if (what.startsWith('INIT')) latchInit(target);
    if (what.endsWith('SIPI')) latchSipi(target);
    world.move('ipi', vcpu, { what, target: args.target });
    return undefined;
  };
}

const oneHot = { 1: 1, 2: 2, 4: 4 } as const;
function portAccess(direction: 'in' | 'out') {
  return (world: World, vcpu: number, args: { port: number; size: number; value?: bigint }): Outcome => {
    const sizeBytes = oneHot[args.size as keyof typeof oneHot];
    if (!sizeBytes) return refused('a port access has 1, 2 or 4 bytes');
    return naeRequest(world, vcpu, {
      code: code(SVM_EXIT_IOIO),
      info1: ioioInfo1.encode({
        port: args.port,
        sizeBytes,
        direction: direction === 'in' ? 1 : 0,
        addressSize: 4,
      }),
      rax: direction === 'out' ? (args.value ?? 0n) : undefined,
    });
  };
}

/** Guest acts that are requests to KVM. */
export const requestHandlers = {
  ...serviceHandlers,
  'use-ghcb': (world, vcpu, { gpa }) => {
    const impossible = notInGuest(world, vcpu);
    if (impossible) return impossible;
    world.vcpu(vcpu).guestGhcbGpa = gpa;
    return undefined;
  },
  vmgexit: requestAsItStands,
  msr: (world, vcpu, { value }) => msrRequest(world, vcpu, value),
  'register-ghcb': (world, vcpu, { gpa }) => notInGuest(world, vcpu) ?? registerGhcb(world, vcpu, gpa),
  'msr-psc': (world, vcpu, { gfn, op }) =>
    msrRequest(world, vcpu, pscRequest.encode({ gfn, operation: operations[op] })),
  nae: (world, vcpu, args) => naeRequest(world, vcpu, args),
  psc,
  'ap-create': apCreation(SVM_VMGEXIT_AP_CREATE),
  'ap-create-on-init': apCreation(SVM_VMGEXIT_AP_CREATE_ON_INIT),
  'ap-destroy': (world, vcpu, args) =>
    naeRequest(world, vcpu, {
      code: code(SVM_VMGEXIT_AP_CREATION),
      info1: apInfo1.encode({ apicId: args.target, request: SVM_VMGEXIT_AP_DESTROY }),
      info2: args.vmsa ?? 0n,
      rax: args.features,
    }),
  init: ipi('INIT'),
  sipi: ipi('SIPI'),
  'init-sipi': ipi('INIT, SIPI'),
  nmi: ipi('NMI'),
  hold: (world, vcpu, { form }) =>
    form === 'msr'
      ? msrRequest(world, vcpu, code(GHCB_MSR_AP_RESET_HOLD_REQ))
      : naeRequest(world, vcpu, { code: code(SVM_VMGEXIT_AP_HLT_LOOP) }),
  hlt: (world, vcpu) => notInGuest(world, vcpu) ?? kvmEmulateHalt(world, vcpu),
  'triple-fault': (world, vcpu) => notInGuest(world, vcpu) ?? shutdownInterception(world, vcpu),
  terminate: (world, vcpu, args) =>
    args.form === 'msr'
      ? msrRequest(world, vcpu, terminationRequest.encode({ reasonSet: args.set, reasonCode: args.code }))
      : naeRequest(world, vcpu, {
          code: code(SVM_VMGEXIT_TERM_REQUEST),
          info1: terminationInfo1.encode({ reasonSet: args.set, reasonCode: args.code }),
          info2: args.info2,
        }),
  'hv-features': (world, vcpu, { form }) =>
    form === 'msr'
      ? msrRequest(world, vcpu, featuresRequest.encode({}))
      : naeRequest(world, vcpu, { code: code(SVM_VMGEXIT_HV_FEATURES) }),
  cpuid: (world, vcpu, args) =>
    args.form === 'msr'
      ? msrRequest(world, vcpu, cpuidRequest.encode({ function: Number(args.fn), register: args.reg ?? 0 }))
      : naeRequest(world, vcpu, {
          code: code(SVM_EXIT_CPUID),
          rax: args.fn,
          rcx: args.subfn ?? 0n,
          xcr0: args.fn === 0xdn ? world.vcpu(vcpu).xcr0 : undefined,
        }),
  'io-out': portAccess('out'),
  'io-in': portAccess('in'),
  'mmio-read': (world, vcpu, { gpa, len }) =>
    naeRequest(world, vcpu, { code: code(SVM_VMGEXIT_MMIO_READ), info1: gpa, info2: BigInt(len) }, () => {}),
  'mmio-write': (world, vcpu, { gpa, len, value }) =>
    naeRequest(
      world,
      vcpu,
      { code: code(SVM_VMGEXIT_MMIO_WRITE), info1: gpa, info2: BigInt(len) },
      (page, scratch) => page.setU64(pageOffset(scratch), value),
    ),
  rdmsr: (world, vcpu, { index }) => naeRequest(world, vcpu, { code: code(SVM_EXIT_MSR), rcx: index }),
  wrmsr: (world, vcpu, { index, value }) =>
    naeRequest(world, vcpu, {
      code: code(SVM_EXIT_MSR),
      info1: 1n,
      rcx: index,
      rax: value & 0xffffffffn,
      rdx: value >> 32n,
    }),
  unsupported: (world, vcpu, { error }) =>
    naeRequest(world, vcpu, { code: code(SVM_VMGEXIT_UNSUPPORTED_EVENT), info1: error }),
} satisfies Partial<GuestHandlers>;
