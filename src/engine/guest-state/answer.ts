/** The guest reads the answer to its request, right after it was entered again. */
import { gpaToGfn } from '../../abi/address';
import { ghcbMsrInfo, GHCB_MSR_PSC_REQ, pscResponse } from '../../abi/ghcb-msr';
import { ghcbPage } from '../../abi/ghcb-page';
import { responseInfo1 } from '../../abi/error-words';
import { SVM_VMGEXIT_EXT_GUEST_REQUEST, SVM_VMGEXIT_GUEST_REQUEST, SVM_VMGEXIT_PSC } from '../../abi/nae';
import { believeBatch, believeMsr } from './belief';
import type { Vcpu } from '../state/vcpu';
import type { World } from '../world';

/** Events that report their result in SW_EXITINFO2. */
const resultInInfo2: ReadonlySet<bigint> = new Set(
  [SVM_VMGEXIT_PSC, SVM_VMGEXIT_GUEST_REQUEST, SVM_VMGEXIT_EXT_GUEST_REQUEST].map(BigInt),
);

export function guestReadsAnswer(world: World, vcpu: Vcpu): void {
  if (vcpu.guestRequest === 'msr') {
    vcpu.guestReadMsr = vcpu.ghcbMsr;
    vcpu.guestResult = msrResult(vcpu);
    if (vcpu.guestResult === 'ok') believeMsr(world, vcpu);
  } else if (vcpu.guestRequest === 'nae') {
    const page = world.image('shared', gpaToGfn(vcpu.guestGhcbGpa));
    const info1 = ghcbPage.get(page, 'swExitInfo1');
    const info2 = ghcbPage.get(page, 'swExitInfo2');
    vcpu.guestReadInfo1 = info1;
    vcpu.guestReadInfo2 = info2;
    const accepted = responseInfo1.decode(info1).response === 0;
    const done = !resultInInfo2.has(vcpu.exitCode) || info2 === 0n;
    vcpu.guestResult = accepted && done ? 'ok' : 'error';
    if (accepted && vcpu.exitCode === BigInt(SVM_VMGEXIT_PSC)) believeBatch(world, vcpu, page);
  }
  vcpu.guestRequest = 'none';
}

/** The info code of an answer is that of the request plus one; a host leaves an unknown request unchanged. */
function msrResult(vcpu: Vcpu): 'ok' | 'error' | 'unanswered' {
  const asked = ghcbMsrInfo(vcpu.guestSentMsr);
  const read = ghcbMsrInfo(vcpu.guestReadMsr);
  if (vcpu.guestReadMsr === vcpu.guestSentMsr && read !== 0) return 'unanswered';
  if (asked === GHCB_MSR_PSC_REQ && pscResponse.decode(vcpu.guestReadMsr).error !== 0) return 'error';
  return 'ok';
}
