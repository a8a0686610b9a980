/** Lines of guests: Linux, its driver for guest requests, coconut-svsm. */
import { source } from '../../abi/source';
import { hex } from '../../base/hex';
import { form, numberIn, signedIn, textIn, valueOf, type LineForm, type Meaning } from '../form';
import { errnoWord, failureMeaning } from '../refusal';
import type { Fields } from '../template';
import { PAGE_NOT_VALIDATED } from '../../abi/nested-fault';
import { svmExitNames } from '../../abi/svm-exits';
import { vmmErrorText } from '../../abi/error-words';

const linux = (topic: string) => source.kernel('6.12.117', 'arch/x86/coco/sev', topic);
const driver = source.kernel(
  '6.12.117',
  'drivers/virt/coco/sev-guest/sev-guest.c',
  'handle_guest_request; other trees print fw_err or a decimal number',
);

/** The highest number of an exit of hardware; events of the GHCB protocol have bit 31. */
const lastExit = Math.max(
  ...Object.keys(svmExitNames)
    .map(Number)
    .filter((code) => code < 2 ** 31),
);

/** A #VC error code is an SVM exit code: every exit of the guest that hardware hands to it. */
function vcCode(fields: Fields): Meaning {
  const code = numberIn(fields, 'code');
  const remarks =
    code === BigInt(PAGE_NOT_VALIDATED.code)
      ? [
          `The guest touched, with the C-bit set, a page that it had not validated${addressOf(fields)}. The hypervisor takes no part in this exception.`,
        ]
      : Object.hasOwn(svmExitNames, String(code))
        ? []
        : [
            `${hex(code)} is no exit that asm/svm.h names; the last of its numbers below the GHCB events is ${hex(lastExit)}.`,
          ];
  return {
    values: [
      valueOf(fields, 'code', 'svm-exit', 'The error code of #VC is an SVM exit code', { label: '#VC code' }),
    ],
    remarks,
  };
}
const addressOf = (fields: Fields): string =>
  fields['rip'] === undefined ? '' : `, at the instruction at ${hex(numberIn(fields, 'rip'))}`;

/** SW_EXITINFO2 of a guest request, with what the call of the driver returned. */
function guestRequest(fields: Fields): Meaning {
  const info2 = numberIn(fields, 'info2');
  const vmmError = Number(info2 >> 32n);
  const status = Number(info2 & 0xffff_ffffn);
  const ret = signedIn(fields, 'ret');
  const meaning =
    vmmError === 0
      ? failureMeaning({ call: 'The guest request', ret, status })
      : {
          remarks: [
            `The hypervisor refused the guest request, not the firmware: ${vmmErrorText(vmmError)}; the driver returned ${errnoWord(ret ?? 0)}.`,
          ],
        };
  return {
    values: [valueOf(fields, 'info2', 'guest-request-info2', 'The line gives SW_EXITINFO2 of the answer')],
    remarks: [...(meaning.remarks ?? []), 'The driver no longer uses this VMPCK after such an error.'],
  };
}

export const guestLogForms: readonly LineForm[] = [
  form({
    id: 'psc-failed',
    what: 'a line of a Linux guest about a page state change that failed',
    source: linux('shared.c: vmgexit_psc'),
    formats: ['PSC failed ret={ret:d} exit_info_2={info2:x}'],
    read: (fields) => ({
      values: [
        valueOf(fields, 'info2', 'psc-result', 'The line gives SW_EXITINFO2 of the answer', {
          label: 'SW_EXITINFO2',
        }),
      ],
    }),
  }),
  form({
    id: 'psc-backward',
    what: 'a line of a Linux guest about a page state change whose header went backwards',
    source: linux('shared.c: vmgexit_psc'),
    formats: [
      'PSC processing going backward, end_entry {end:d} (got {endGot:d}) cur_entry {cur:d} (got {curGot:d})',
    ],
    read: (fields) => ({
      remarks: [
        `cur_entry was ${numberIn(fields, 'cur')} and came back as ${numberIn(fields, 'curGot')}; end_entry was ${numberIn(fields, 'end')} and came back as ${numberIn(fields, 'endGot')}.`,
      ],
    }),
  }),
  form({
    id: 'psc-reserved',
    what: 'a line of a Linux guest about the header of a page state change',
    source: linux('shared.c: vmgexit_psc'),
    formats: ['Reserved bit is set in the PSC header'],
    read: () => ({ remarks: ['The hypervisor wrote to the reserved word of the header.'] }),
  }),
  form({
    id: 'vc-unsupported',
    what: 'a line of a Linux guest about a #VC exception',
    source: linux('core.c: vc_raw_handle_exception'),
    formats: [
      'Unsupported exit-code 0x{code:x} in #VC exception (IP: 0x{rip:x})',
      'exit-code 0x{code:x} in #VC',
    ],
    read: vcCode,
  }),
  form({
    id: 'vc-opcode',
    what: 'a line of a Linux guest about an instruction that its #VC handler does not know',
    source: linux('core.c: vc_check_opcode_bytes'),
    formats: ['opcode bytes: 0x{bytes:t}, exit_code: 0x{code:x}, rIP: 0x{rip:x}'],
    read: vcCode,
  }),
  form({
    id: 'cpuid-table',
    what: 'a line of a Linux guest about its CPUID table',
    source: linux('Using SNP CPUID table'),
    formats: ['Using SNP CPUID table, {entries:d} entries present'],
  }),
  form({
    id: 'memory-encryption',
    what: 'a line of a Linux guest about its memory encryption',
    source: source.kernel('6.12.117', 'arch/x86/mm/mem_encrypt.c', 'print_mem_encrypt_feature_info'),
    formats: ['Memory Encryption Features active: AMD {features:t}'],
    read: (fields) => ({ remarks: [`Active: ${textIn(fields, 'features').trim()}.`] }),
  }),
  form({
    id: 'sev-status',
    what: 'a line of a Linux guest about SEV_STATUS',
    source: linux('core.c: sev_show_status'),
    formats: ['SEV: Status: {features:t}'],
    read: (fields) => ({ remarks: [`Set: ${textIn(fields, 'features').trim()}.`] }),
  }),
  form({
    id: 'ap-wakeup',
    what: 'a line of a Linux guest about how it starts APs',
    source: linux('core.c: snp_set_wakeup_secondary_cpu'),
    formats: ['wakeup_secondary_cpu() replaced with wakeup_cpu_via_vmgexit()'],
    read: () => ({ remarks: ['APs are started by AP_CREATE and not by INIT and SIPI alone.'] }),
  }),
  form({
    id: 'ap-creation-error',
    what: 'a line of a Linux guest about an AP creation that was refused',
    source: linux('core.c: wakeup_cpu_via_vmgexit; its place in 7.2 is vmgexit_ap_control'),
    formats: ['SNP AP {what:w} error'],
    read: (fields) => ({
      remarks: [`KVM's answer to ${textIn(fields, 'what')} had SW_EXITINFO1 other than 0.`],
    }),
  }),
  form({
    id: 'vmsa-page',
    what: 'a line of a Linux guest about RMPADJUST of a VMSA page',
    source: linux('core.c: wakeup_cpu_via_vmgexit, snp_cleanup_vmsa'),
    formats: ['{what:w} VMSA page failed ({ret:d})'],
    read: (fields) => ({ remarks: [`RMPADJUST returned ${signedIn(fields, 'ret') ?? 0}.`] }),
  }),
  form({
    id: 'asp-request',
    what: 'a line of the guest request driver about an answer with an error',
    source: driver,
    formats: [
      'Detected error from ASP request. rc: {ret:d}, exitinfo2: 0x{info2:x}',
      'Detected error from ASP request. rc: {ret:d}, fw_err: {info2:n}',
    ],
    read: guestRequest,
  }),
  form({
    id: 'asp-decode',
    what: 'a line of the guest request driver about a message that it cannot decrypt',
    source: driver,
    formats: ['Detected unexpected decode failure from ASP. rc: {ret:d}'],
    read: (fields) => ({ remarks: [`The call returned ${errnoWord(signedIn(fields, 'ret') ?? 0)}.`] }),
  }),
  form({
    id: 'vmpck-disabled',
    what: 'a line of the guest request driver about a key that it no longer uses',
    source: driver,
    formats: [
      'Disabling {key:w} {id:d} to prevent IV reuse',
      'Disabling {key:w} communication key to prevent IV reuse',
    ],
    read: () => ({ remarks: ['Every later guest request with this key fails.'] }),
  }),
  form({
    id: 'svsm-vmgexit-error',
    what: 'an error of coconut-svsm about a request that was answered with an error',
    source: source.svsm('kernel/src/sev/ghcb.rs', 'GhcbError::VmgexitError'),
    formats: ['VmgexitError({info1:n}, {info2:n})'],
    read: (fields) => svsmError(fields),
  }),
];

function svsmError(fields: Fields): Meaning {
  const isMalformed = numberIn(fields, 'info1') === 2n;
  return {
    values: [
      valueOf(fields, 'info1', 'response-info1', 'The first number is SW_EXITINFO1 of the answer', {
        label: 'SW_EXITINFO1',
      }),
      valueOf(
        fields,
        'info2',
        isMalformed ? 'malformed-info2' : 'event-injection',
        `SW_EXITINFO2 beside SW_EXITINFO1 = ${numberIn(fields, 'info1')}`,
        { label: 'SW_EXITINFO2' },
      ),
    ],
  };
}
