/** KVM_MEMORY_ENCRYPT_OP: the checks before every SEV command, and where each command goes. */
import {
  KVM_SEV_INIT2,
  KVM_SEV_SNP_ENABLE_REQ_CERTS,
  KVM_SEV_SNP_FIRST_COMMAND,
  KVM_SEV_SNP_LAUNCH_FINISH,
  KVM_SEV_SNP_LAUNCH_START,
  KVM_SEV_SNP_LAUNCH_UPDATE,
} from '../../../abi/kvm-structs';
import { offersCertificateExits } from '../../../profiles/facets/vmgexit';
import { refusesCalls } from '../threads/locks';
import type { World } from '../../world';
import { sevGuestInit, sevGuestInit2, type Init2Arguments } from './init2';
import { snpLaunchFinish, type LaunchFinishArguments } from './launch-finish';
import { snpLaunchStart, type LaunchStartArguments } from './launch-start';
import { snpLaunchUpdate, type LaunchUpdateArguments, type LaunchUpdateReply } from './launch-update';
import { refuseCall, replyOf, type SevCommand } from './sev-call';

/** A command with the argument its id asks for. */
export type SevRequest =
  | { readonly id: typeof KVM_SEV_INIT2; readonly args: Init2Arguments }
  | { readonly id: typeof KVM_SEV_SNP_LAUNCH_START; readonly args: LaunchStartArguments }
  | { readonly id: typeof KVM_SEV_SNP_LAUNCH_UPDATE; readonly args: LaunchUpdateArguments }
  | { readonly id: typeof KVM_SEV_SNP_LAUNCH_FINISH; readonly args: LaunchFinishArguments }
  | { readonly id: 'other'; readonly number: number };

/** sev_mem_enc_ioctl, behind the gate that every ioctl of a bugged VM meets. */
export function sevMemEncIoctl(world: World, command: SevCommand, request: SevRequest): LaunchUpdateReply {
  const reply = beforeDispatch(world, command, request) ?? dispatch(world, command, request);
  world.vm.ioctlRet = reply.ret;
  world.vm.ioctlError = reply.error ?? 0xffffffff;
  return reply;
}

const call = 'KVM_MEMORY_ENCRYPT_OP';
const numberOf = (request: SevRequest): number => (request.id === 'other' ? request.number : request.id);

function beforeDispatch(
  world: World,
  command: SevCommand,
  request: SevRequest,
): LaunchUpdateReply | undefined {
  const { vm, host } = world;
  if (refusesCalls(world)) return replyOf(refuseCall(world, call, 'VmBugged', 'EIO'));
  if (!host.sevEnabled) return replyOf(refuseCall(world, call, 'SevDisabled', 'ENOTTY'));
  if (command.command === 'null') return replyOf(0);
  if (command.command === 'unmapped') return replyOf(refuseCall(world, call, 'CommandUnreadable', 'EFAULT'));
  const activeSnp = vm.sevActive && vm.type === 'snp';
  const legacy = numberOf(request) < KVM_SEV_SNP_FIRST_COMMAND;
  if (activeSnp && legacy && world.facet('init2.twice') === 'eperm') {
    return copyBack(world, command, replyOf(refuseCall(world, call, 'LegacyOnSnp', 'EPERM')));
  }
  return undefined;
}

function dispatch(world: World, command: SevCommand, request: SevRequest): LaunchUpdateReply {
  switch (request.id) {
    case KVM_SEV_INIT2:
      return copyBack(world, command, sevGuestInit2(world, command, request.args));
    case KVM_SEV_SNP_LAUNCH_START:
      return copyBack(world, command, snpLaunchStart(world, command, request.args));
    case KVM_SEV_SNP_LAUNCH_UPDATE:
      return copyBack(world, command, snpLaunchUpdate(world, command, request.args));
    case KVM_SEV_SNP_LAUNCH_FINISH:
      return copyBack(world, command, snpLaunchFinish(world, command, request.args));
    case 'other':
      return otherCommand(world, command, request.number);
  }
}

/** The 24 bytes of the command are copied back after a failure too; if that fails, it is the result. */
function copyBack(world: World, command: SevCommand, reply: LaunchUpdateReply): LaunchUpdateReply {
  if (command.command !== 'readOnly') return reply;
  return { ...reply, ret: refuseCall(world, call, 'CommandNotWritable', 'EFAULT'), error: undefined };
}

const KVM_SEV_INIT = 0;
const KVM_SEV_ES_INIT = 1;
/** Commands that were never implemented, or that read their argument first. */
const invalidOutright = new Set([10, 13, 14, 19]);
const LAST_LEGACY = 21;

function otherCommand(world: World, command: SevCommand, number: number): LaunchUpdateReply {
  if (number === KVM_SEV_SNP_ENABLE_REQ_CERTS) {
    return copyBack(world, command, replyOf(enableReqCerts(world)));
  }
  if (number > LAST_LEGACY || invalidOutright.has(number)) {
    return replyOf(refuseCall(world, call, 'CommandUnknown'));
  }
  if (number === KVM_SEV_ES_INIT && !world.host.esEnabled) {
    return replyOf(refuseCall(world, call, 'SevEsDisabled', 'ENOTTY'));
  }
  if (number === KVM_SEV_INIT || number === KVM_SEV_ES_INIT) {
    return copyBack(world, command, sevGuestInit(world, { encryptsState: number === KVM_SEV_ES_INIT }));
  }
  return copyBack(world, command, replyOf(refuseCall(world, call, 'CommandNotForThisVm', 'ENOTTY')));
}

/** KVM_SEV_SNP_ENABLE_REQ_CERTS. */
function enableReqCerts(world: World): number {
  const { vm } = world;
  if (!offersCertificateExits(world.facet('gr.certs'))) return refuseCall(world, call, 'CommandUnknown');
  const ready = vm.sevActive && vm.type === 'snp' && vm.vcpuCount === 0 && vm.creatingVcpus === 0;
  if (!ready) return refuseCall(world, call, 'CertsVcpusExist');
  vm.certificateExits = true;
  return 0;
}
