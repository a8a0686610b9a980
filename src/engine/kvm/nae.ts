/** The handlers of NAE events, by exit code. */
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
  naeEvents,
} from '../../abi/nae';
import { errno } from '../../abi/errno';
import { KVM_HV_FEATURES } from '../../abi/ghcb-msr';
import type { Image } from '../memory/image';
import type { Vcpu } from '../state/vcpu';
import type { World } from '../world';
import { sevSnpApCreation } from './ap-creation';
import { cpuidLeaf } from './cpuid';
import { resumeAnswered, runFails, writeInfo2, type Handled } from './ghcb';
import { apResetHold } from './hold';
import { leaveForHandler } from './instruction';
import { handleIoio, handleMmio } from './io';
import { handleMsrAccess } from './msr-access';
import { snpBeginPscRequest } from './psc';
import { exitSevTerm } from './termination';

export type NaeHandler = (world: World, vcpu: Vcpu, page: Image) => Handled;

const handlers: readonly (readonly [number, NaeHandler])[] = [
  [SVM_EXIT_CPUID, handleCpuid],
  [SVM_EXIT_IOIO, handleIoio],
  [SVM_EXIT_MSR, handleMsrAccess],
  [SVM_VMGEXIT_MMIO_READ, (world, vcpu) => handleMmio(world, vcpu, 'read')],
  [SVM_VMGEXIT_MMIO_WRITE, (world, vcpu) => handleMmio(world, vcpu, 'write')],
  [SVM_VMGEXIT_AP_HLT_LOOP, (world, vcpu) => apResetHold(world, vcpu, 'nae')],
  [SVM_VMGEXIT_PSC, snpBeginPscRequest],
  [SVM_VMGEXIT_AP_CREATION, sevSnpApCreation],
  [SVM_VMGEXIT_HV_FEATURES, handleFeatures],
  [SVM_VMGEXIT_TERM_REQUEST, (world, vcpu) => exitSevTerm(world, vcpu, vcpu.ghcbMsr, 'Termination')],
  [SVM_VMGEXIT_UNSUPPORTED_EVENT, handleUnsupported],
];

/** Events that KVM answers but this model does not yet: a finding names them. */
const unmodelledEvents = naeEvents
  .filter((event) => event.kvm !== 'refuses as an invalid event')
  .filter((event) => !handlers.some(([code]) => code === event.code))
  .map((event) => [event.code, unmodelledHandler(event.name)] as const);

export const naeHandlers: ReadonlyMap<number, NaeHandler> = new Map([...unmodelledEvents, ...handlers]);

function unmodelledHandler(name: string): NaeHandler {
  return (world, vcpu) => {
    world.finding('unmodelled', `${name}: KVM answers this event, the model does not yet`);
    return resumeAnswered(world, vcpu);
  };
}

function handleFeatures(world: World, vcpu: Vcpu, page: Image): Handled {
  writeInfo2(page, KVM_HV_FEATURES);
  return resumeAnswered(world, vcpu);
}

function handleUnsupported(world: World, vcpu: Vcpu): Handled {
  world.sendExchange(vcpu, { type: 'RUN_FAILED' });
  return runFails(errno.EINVAL, 'UnsupportedEvent');
}

function handleCpuid(world: World, vcpu: Vcpu): Handled {
  if (world.vm.instructionHandlersExit) {
    world.sendExchange(vcpu, { type: 'EXIT_TO_USERSPACE' });
    return leaveForHandler(world, vcpu);
  }
  const [eax, ebx, ecx, edx] = cpuidLeaf(
    world,
    Number(vcpu.rax & 0xffffffffn),
    Number(vcpu.rcx & 0xffffffffn),
  );
  vcpu.rax = BigInt(eax ?? 0);
  vcpu.rbx = BigInt(ebx ?? 0);
  vcpu.rcx = BigInt(ecx ?? 0);
  vcpu.rdx = BigInt(edx ?? 0);
  return resumeAnswered(world, vcpu);
}
