/** The handlers of NAE events, by exit code. A code that is not here is an invalid event. */
import { GHCB_ERR_INVALID_INPUT } from '../../../abi/error-words';
import { errno } from '../../../abi/errno';
import { KVM_HV_FEATURES } from '../../../abi/ghcb-msr';
import {
  SVM_EXIT_IOIO,
  SVM_VMGEXIT_AP_CREATION,
  SVM_VMGEXIT_AP_HLT_LOOP,
  SVM_VMGEXIT_AP_JUMP_TABLE,
  SVM_VMGEXIT_EXT_GUEST_REQUEST,
  SVM_VMGEXIT_GET_AP_JUMP_TABLE,
  SVM_VMGEXIT_GUEST_REQUEST,
  SVM_VMGEXIT_HV_FEATURES,
  SVM_VMGEXIT_MMIO_READ,
  SVM_VMGEXIT_MMIO_WRITE,
  SVM_VMGEXIT_NMI_COMPLETE,
  SVM_VMGEXIT_PSC,
  SVM_VMGEXIT_SET_AP_JUMP_TABLE,
  SVM_VMGEXIT_TERM_REQUEST,
  SVM_VMGEXIT_UNSUPPORTED_EVENT,
} from '../../../abi/nae';
import type { Vcpu } from '../../state/vcpu';
import type { World } from '../../world';
import { sevSnpApCreation } from '../ap/ap-creation';
import {
  answerPage,
  failRequest,
  malformed,
  resumeAnswered,
  writeInfo2,
  type Handled,
  type VmgexitHandler,
} from '../ghcb/ghcb';
import { handleExtGuestRequest, handleGuestRequest } from './guest-request';
import { apResetHold } from '../ap/hold';
import { instructionHandlers, svmInvokeExitHandler } from './instruction';
import { handleIoio } from './io';
import { handleMmio } from './mmio';
import { snpBeginPscRequest } from '../psc/psc';
import { exitSevTermByGhcb } from './termination';

type Row = readonly [code: number, handler: VmgexitHandler];

const mirrored = [...instructionHandlers.keys()].map((code): Row => [code, svmInvokeExitHandler]);

const ownEvents: readonly Row[] = [
  [SVM_EXIT_IOIO, handleIoio],
  [SVM_VMGEXIT_MMIO_READ, (world, vcpu) => handleMmio(world, vcpu, 'read')],
  [SVM_VMGEXIT_MMIO_WRITE, (world, vcpu) => handleMmio(world, vcpu, 'write')],
  [SVM_VMGEXIT_NMI_COMPLETE, handleNmiComplete],
  [SVM_VMGEXIT_AP_HLT_LOOP, (world, vcpu) => apResetHold(world, vcpu, 'nae')],
  [SVM_VMGEXIT_AP_JUMP_TABLE, handleJumpTable],
  [SVM_VMGEXIT_PSC, snpBeginPscRequest],
  [SVM_VMGEXIT_GUEST_REQUEST, handleGuestRequest],
  [SVM_VMGEXIT_EXT_GUEST_REQUEST, handleExtGuestRequest],
  [SVM_VMGEXIT_AP_CREATION, sevSnpApCreation],
  [SVM_VMGEXIT_HV_FEATURES, handleFeatures],
  [SVM_VMGEXIT_TERM_REQUEST, exitSevTermByGhcb],
  [SVM_VMGEXIT_UNSUPPORTED_EVENT, handleUnsupported],
];

export const naeHandlers: ReadonlyMap<number, VmgexitHandler> = new Map([...mirrored, ...ownEvents]);

function handleNmiComplete(world: World, vcpu: Vcpu): Handled {
  vcpu.nmiBlocked = false;
  world.move('nmiUnblocked', vcpu.index, {}, 'NmiComplete');
  return resumeAnswered(world, vcpu);
}

function handleJumpTable(world: World, vcpu: Vcpu): Handled {
  switch (vcpu.exitInfo1) {
    case SVM_VMGEXIT_SET_AP_JUMP_TABLE:
      world.vm.jumpTable = vcpu.exitInfo2;
      return resumeAnswered(world, vcpu, 'JumpTable');
    case SVM_VMGEXIT_GET_AP_JUMP_TABLE:
      writeInfo2(answerPage(world, vcpu), world.vm.jumpTable);
      return resumeAnswered(world, vcpu, 'JumpTable');
    default:
      return malformed(world, vcpu, GHCB_ERR_INVALID_INPUT, 'JumpTableSelector');
  }
}

function handleFeatures(world: World, vcpu: Vcpu): Handled {
  writeInfo2(answerPage(world, vcpu), KVM_HV_FEATURES);
  return resumeAnswered(world, vcpu, 'Features');
}

function handleUnsupported(world: World, vcpu: Vcpu): Handled {
  return failRequest(world, vcpu, errno.EINVAL, 'UnsupportedEvent');
}
