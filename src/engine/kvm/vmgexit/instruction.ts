/**
 * Events that mirror an intercepted instruction go to the handler of the ordinary intercept. For a guest with encrypted
 * state most of these change nothing: the guest's #VC handler moves RIP, and KVM cannot reach other registers.
 */
import {
  SVM_EXIT_CPUID,
  SVM_EXIT_INVD,
  SVM_EXIT_MONITOR,
  SVM_EXIT_MSR,
  SVM_EXIT_MWAIT,
  SVM_EXIT_RDPMC,
  SVM_EXIT_RDTSC,
  SVM_EXIT_RDTSCP,
  SVM_EXIT_READ_DR7,
  SVM_EXIT_VMMCALL,
  SVM_EXIT_WBINVD,
  SVM_EXIT_WRITE_DR7,
} from '../../../abi/nae';
import { KVM_EXIT_UNKNOWN } from '../../../abi/kvm-run';
import type { RuleId } from '../../rules';
import type { Vcpu } from '../../state/vcpu';
import type { World } from '../../world';
import { kvmEmulateCpuid } from './cpuid';
import { leaveToUserspace } from '../exit';
import { resumeAnswered, type Handled } from '../ghcb/ghcb';
import { kvmEmulateHypercall } from './hypercall';
import { svmHandleInvalidExit } from '../internal-error';
import { msrInterception } from './msr-access';
import { shortEventName } from '../ghcb/nae-text';

type InstructionHandler = (world: World, vcpu: Vcpu) => Handled;

const nothing =
  (rule: RuleId): InstructionHandler =>
  (world, vcpu) =>
    resumeAnswered(world, vcpu, rule);

/** kvm_queue_exception: the exception is raised by the VMCB at the next entry, not by the GHCB page. */
const exception =
  (vector: '#UD' | '#GP', rule: RuleId): InstructionHandler =>
  (world, vcpu) => {
    world.move('exceptionQueued', vcpu.index, { vector }, rule);
    return resumeAnswered(world, vcpu);
  };

/** svm_exit_handlers, for the events that validation lets through. */
export const instructionHandlers: ReadonlyMap<number, InstructionHandler> = new Map([
  [SVM_EXIT_READ_DR7, nothing('Dr7OfTheGuest')],
  [SVM_EXIT_WRITE_DR7, nothing('Dr7OfTheGuest')],
  [SVM_EXIT_RDTSC, svmHandleInvalidExit],
  [SVM_EXIT_RDPMC, exception('#GP', 'NoVirtualPmu')],
  [SVM_EXIT_CPUID, kvmEmulateCpuid],
  [SVM_EXIT_INVD, nothing('EmulatedAsNop')],
  [SVM_EXIT_MSR, msrInterception],
  [SVM_EXIT_VMMCALL, kvmEmulateHypercall],
  [SVM_EXIT_RDTSCP, exception('#UD', 'RdtscpInvalid')],
  [SVM_EXIT_WBINVD, nothing('CacheWrittenBack')],
  [SVM_EXIT_MONITOR, nothing('EmulatedAsNop')],
  [SVM_EXIT_MWAIT, nothing('EmulatedAsNop')],
]);

/** svm_invoke_exit_handler. */
export function svmInvokeExitHandler(world: World, vcpu: Vcpu): Handled {
  const { vm } = world;
  const code = Number(vcpu.exitCode);
  world.move('interceptHandler', vcpu.index, { name: shortEventName(vcpu.exitCode), code });
  if (vm.instructionHandlersExit) {
    world.sendExchange(vcpu, { type: 'EXIT_TO_USERSPACE' });
    return leaveForHandler(world, vcpu);
  }
  // The inert stub of a conformance case replaces the handler, but not KVM's handling of its result.
  const stubbed = vm.instructionHandlersInert && code !== SVM_EXIT_MSR && code !== SVM_EXIT_CPUID;
  const handler = stubbed ? resumeAnswered : instructionHandlers.get(code);
  return (handler ?? svmHandleInvalidExit)(world, vcpu);
}

/** The handler of an instruction exits to userspace; the exit reason depends on the handler. */
export function leaveForHandler(world: World, vcpu: Vcpu): Handled {
  leaveToUserspace(world, vcpu, { errno: 0, reason: KVM_EXIT_UNKNOWN });
  world.move('handlerExit', vcpu.index, {}, 'HandlerExits');
  return 'left';
}
