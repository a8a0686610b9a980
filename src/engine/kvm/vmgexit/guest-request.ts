/**
 * NAE events 0x80000011 and 0x80000012. KVM copies the request page, hands the copy to the firmware, and copies the
 * firmware's response page to the guest, also when the firmware refused: then the guest reads its old content.
 */
import { isPageAligned, PAGE_SIZE } from '../../../abi/address';
import { errno } from '../../../abi/errno';
import {
  GHCB_ERR_INVALID_INPUT,
  GHCB_ERR_MISSING_INPUT,
  guestRequestInfo2,
  SNP_GUEST_VMM_ERR_BUSY,
  SNP_GUEST_VMM_ERR_GENERIC,
  SNP_GUEST_VMM_ERR_INVALID_LEN,
} from '../../../abi/error-words';
import { SEV_CMD_SNP_GUEST_REQUEST } from '../../../abi/firmware';
import {
  CERT_TABLE_ENTRY_SIZE,
  GUEST_MESSAGE_TYPE_OFFSET,
  SNP_MSG_REPORT_REQ,
} from '../../../abi/guest-request';
import { kvmRunSnpReqCerts, KVM_EXIT_SNP_REQ_CERTS } from '../../../abi/kvm-run';
import { offersCertificateExits } from '../../../profiles/facets/vmgexit';
import { guestRequest } from '../../firmware/guest-request';
import { sevDoCmd } from '../../firmware/psp';
import type { RuleId } from '../../rules';
import type { Vcpu } from '../../state/vcpu';
import type { World } from '../../world';
import { kvmRunOf, leaveToUserspace } from '../exit';
import {
  answerPage,
  failRequest,
  malformed,
  resumeAnswered,
  wasValid,
  writeInfo2,
  type Handled,
} from '../ghcb/ghcb';
import { kvmClearGuest, kvmReadGuest, kvmWriteGuest } from '../memory/guest-memory';

/** Request and response page must be aligned and different. */
function badPages(world: World, vcpu: Vcpu): Handled | undefined {
  const { exitInfo1: request, exitInfo2: response } = vcpu;
  if (isPageAligned(request) && isPageAligned(response) && request !== response) return undefined;
  const reason =
    world.facet('gr.badPages') === 'invalidInput' ? GHCB_ERR_INVALID_INPUT : GHCB_ERR_MISSING_INPUT;
  return malformed(world, vcpu, reason, 'GuestRequestPages');
}

export function handleGuestRequest(world: World, vcpu: Vcpu): Handled {
  return badPages(world, vcpu) ?? snpHandleGuestReq(world, vcpu);
}

export function handleExtGuestRequest(world: World, vcpu: Vcpu): Handled {
  return badPages(world, vcpu) ?? snpHandleExtGuestReq(world, vcpu);
}

function snpHandleGuestReq(world: World, vcpu: Vcpu): Handled {
  const index = vcpu.index;
  const request = kvmReadGuest(world, vcpu.exitInfo1, PAGE_SIZE);
  if (!request) return failRequest(world, vcpu, errno.EIO, 'GuestRequestUnreadable');
  world.move('requestCopied', index, { gpa: vcpu.exitInfo1, length: PAGE_SIZE });
  const sent = sevDoCmd(world, SEV_CMD_SNP_GUEST_REQUEST, () => guestRequest(world, request));
  const firmwareError = sent.error ?? 0;
  if (sent.ret !== 0 && firmwareError === 0) {
    return failRequest(world, vcpu, -sent.ret, 'GuestRequestNoFirmware');
  }
  const written = kvmWriteGuest(world, vcpu.exitInfo2, responseBytes(world));
  world.move('responseCopied', index, { gpa: vcpu.exitInfo2, length: PAGE_SIZE, done: doneText(written) });
  if (!written) return failRequest(world, vcpu, errno.EIO, 'GuestRequestUnwritable');
  return answerResult(world, vcpu, { firmwareError, vmmError: 0 }, 'GuestRequestAnswered');
}

const doneText = (written: boolean): string => (written ? 'copied' : 'cannot be written');

/** The response page of the VM as it stands. */
const responseBytes = (world: World): Uint8Array =>
  world.findImage('kernel', world.vm.responsePfn)?.toBytes() ?? new Uint8Array(PAGE_SIZE);

function answerResult(
  world: World,
  vcpu: Vcpu,
  result: { firmwareError: number; vmmError: number },
  rule: RuleId,
): Handled {
  writeInfo2(answerPage(world, vcpu), guestRequestInfo2.encode(result));
  return resumeAnswered(world, vcpu, rule);
}

/** Only a report request can carry certificates: RAX names the buffer, RBX its pages. */
function snpHandleExtGuestReq(world: World, vcpu: Vcpu): Handled {
  const type = kvmReadGuest(world, vcpu.exitInfo1 + BigInt(GUEST_MESSAGE_TYPE_OFFSET), 1);
  if (!type) return failRequest(world, vcpu, errno.EIO, 'GuestRequestUnreadable');
  if (type[0] !== SNP_MSG_REPORT_REQ) return snpHandleGuestReq(world, vcpu);
  const { rax: gpa, rbx: pages } = vcpu;
  if (!wasValid(vcpu, 'rax') || !wasValid(vcpu, 'rbx') || !isPageAligned(gpa)) {
    return malformed(world, vcpu, GHCB_ERR_INVALID_INPUT, 'CertificateBuffer');
  }
  if (world.vm.certificateExits && offersCertificateExits(world.facet('gr.certs'))) {
    return exitForCertificates(world, vcpu);
  }
  if (pages !== 0n) {
    const cleared = kvmClearGuest(world, gpa, CERT_TABLE_ENTRY_SIZE);
    const done = cleared ? 'cleared' : 'cannot be written';
    world.move(
      'certificatesCleared',
      vcpu.index,
      { gpa, length: CERT_TABLE_ENTRY_SIZE, done },
      'CertificatesEmpty',
    );
    if (!cleared) return failRequest(world, vcpu, errno.EIO, 'CertificateBufferUnwritable');
  }
  return snpHandleGuestReq(world, vcpu);
}

function exitForCertificates(world: World, vcpu: Vcpu): Handled {
  const run = kvmRunOf(world, vcpu);
  const { rax: gpa, rbx: pages } = vcpu;
  kvmRunSnpReqCerts.set(run, 'gpa', gpa);
  kvmRunSnpReqCerts.set(run, 'npages', pages);
  kvmRunSnpReqCerts.set(run, 'ret', 0n);
  vcpu.completion = 'certificates';
  world.sendExchange(vcpu, { type: 'EXIT_TO_USERSPACE' });
  leaveToUserspace(world, vcpu, { errno: 0, reason: KVM_EXIT_SNP_REQ_CERTS });
  world.move('certificatesExit', vcpu.index, { gpa, pages }, 'CertificatesExit');
  return 'left';
}

/** The guest's result for each valid answer of userspace; another answer fails KVM_RUN. */
const vmmErrors: ReadonlyMap<bigint, number> = new Map([
  [BigInt(errno.ENOSPC), SNP_GUEST_VMM_ERR_INVALID_LEN],
  [BigInt(errno.EAGAIN), SNP_GUEST_VMM_ERR_BUSY],
  [BigInt(errno.EIO), SNP_GUEST_VMM_ERR_GENERIC],
]);

/** snp_complete_req_certs. */
export function completeReqCerts(world: World, vcpu: Vcpu): Handled {
  const run = kvmRunOf(world, vcpu);
  const ret = kvmRunSnpReqCerts.get(run, 'ret');
  vcpu.completion = 'none';
  world.sendExchange(vcpu, { type: 'USERSPACE_RETURNED' });
  world.move('completionDone', vcpu.index, { ret });
  if (ret === 0n) return snpHandleGuestReq(world, vcpu);
  const vmmError = vmmErrors.get(ret);
  if (vmmError === undefined) return failRequest(world, vcpu, errno.EINVAL, 'CertificatesRetNotAllowed');
  if (vmmError === SNP_GUEST_VMM_ERR_INVALID_LEN) vcpu.rbx = kvmRunSnpReqCerts.get(run, 'npages');
  return answerResult(world, vcpu, { firmwareError: 0, vmmError }, 'CertificatesRefused');
}
