/** What a Linux guest prints about what happens to it, whichever program the scenario runs. 6.12.117 was read. */
import {
  SVM_VMGEXIT_AP_CREATION,
  SVM_VMGEXIT_EXT_GUEST_REQUEST,
  SVM_VMGEXIT_GUEST_REQUEST,
} from '../../abi/nae';
import { errno } from '../../abi/errno';
import { lineOf, moveNumber, type Printers } from './printed';

const guestRequests: readonly bigint[] = [SVM_VMGEXIT_GUEST_REQUEST, SVM_VMGEXIT_EXT_GUEST_REQUEST].map(
  BigInt,
);

const DESTROY = 2n;

export const guestPrinters: Printers = {
  malformedInput: ({ vcpu }) => {
    if (vcpu().exitCode !== BigInt(SVM_VMGEXIT_AP_CREATION)) return [];
    const what = (vcpu().exitInfo1 & 0xffff_ffffn) === DESTROY ? 'DESTROY' : 'CREATE';
    return [lineOf('guest', 'ap-creation-error', { what })];
  },
  pscAnswer: ({ move }) => {
    const info2 = moveNumber(move, 'result');
    return info2 === 0n ? [] : [lineOf('guest', 'psc-failed', { ret: 0n, info2 })];
  },
  vcNotValidated: ({ move }) => [
    lineOf('guest', 'vc-unsupported', { code: moveNumber(move, 'code'), rip: 0n }),
  ],
  naeAnswer: ({ move, vcpu }) => {
    const info2 = moveNumber(move, 'info2');
    if (info2 === 0n || !guestRequests.includes(vcpu().exitCode)) return [];
    return [lineOf('guest', 'asp-request', { ret: BigInt(-errno.EIO), info2 })];
  },
};
