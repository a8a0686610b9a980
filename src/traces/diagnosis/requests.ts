/** Requests of a guest that fail: what KVM logs about them, and what the guest prints of the answer. */
import { apCreationRequests } from '../../abi/ap-creation';
import { malformedReasons, vmmErrorText } from '../../abi/error-words';
import { terminationReasonsOf, terminationRequest } from '../../abi/ghcb-msr';
import { naeEvent, terminationInfo1 } from '../../abi/nae';
import { PAGE_NOT_VALIDATED } from '../../abi/nested-fault';
import { PSC_GENERIC_ERROR, PSC_INVALID_ENTRY, PSC_INVALID_HDR } from '../../abi/psc';
import { source } from '../../abi/source';
import { hex } from '../../base/hex';
import type { RuleId } from '../../engine/rules';
import { numberIn, signedIn, textIn } from '../form';
import { errnoWord, statusWord } from '../refusal';
import type { Fields } from '../template';
import type { Cause, Ending, Endings } from './ending';

const DUMP =
  'With the parameter dump_invalid_vmcb=1 of kvm_amd the kernel log has the GHCB page of the refused request.';
export const ENTER = 'The kvm_vmgexit_enter event before the line has exit code and info words.';
const LAST_REQUEST =
  'The last request of the same vCPU before it says what the guest could not go on without.';

/** What Linux, OVMF and coconut-svsm end for, by the reason that they give. */
const endsFor: Readonly<Record<string, readonly RuleId[]>> = {
  '0:0': ['SvsmGivesUp'],
  '0:1': ['LinuxGivesUp', 'OvmfGivesUp'],
  '0:2': ['LinuxNoSnp', 'OvmfNoSnp'],
  '1:0': ['LinuxNotRegistered', 'OvmfNotRegistered'],
  '1:1': ['LinuxPscRefused', 'LinuxPageRefused', 'LinuxPscHeader'],
  '1:2': ['LinuxPvalidate'],
  '1:3': ['OvmfNotVmpl0'],
};

export function termination(set: number, code: number): Ending {
  const reasons = terminationReasonsOf(set, code);
  const named: Cause[] = reasons.map(({ by, doc, when, source: from }) => ({
    says: `${by}: ${doc}${when === undefined ? '' : ` (${when})`}.`,
    source: from,
  }));
  return {
    what: `The guest asked to be terminated, with reason ${hex(set)}:${hex(code)}.`,
    refusedBy: 'the guest',
    causes: [...named, ...(endsFor[`${set}:${code}`] ?? [])],
    next: [
      ...(reasons.length > 1 ? ['The last line of the console tells whether a kernel had begun.'] : []),
      LAST_REQUEST,
    ],
  };
}

/** The termination event: its words hold set and code. */
export function terminatedByNae(fields: Fields): Ending {
  const { reasonSet, reasonCode } = terminationInfo1.decode(numberIn(fields, 'info1'));
  return termination(reasonSet, reasonCode);
}

/** SW_EXITINFO2 behind a malformed request, and what KVM answers it for. */
export const malformedCauses: Readonly<Record<string, readonly RuleId[]>> = {
  [String(malformedReasons.GHCB_ERR_NOT_REGISTERED)]: ['GhcbNotRegistered'],
  [String(malformedReasons.GHCB_ERR_INVALID_USAGE)]: ['GhcbUsage'],
  [String(malformedReasons.GHCB_ERR_INVALID_SCRATCH_AREA)]: ['ScratchInvalid'],
  [String(malformedReasons.GHCB_ERR_MISSING_INPUT)]: ['MissingInput'],
  [String(malformedReasons.GHCB_ERR_INVALID_INPUT)]: [
    'ApUnknownRequest',
    'ApFeaturesDiffer',
    'ApTargetUnknown',
  ],
  [String(malformedReasons.GHCB_ERR_INVALID_EVENT)]: ['UnknownEvent', 'SnpOnly'],
};

/** A request that KVM answered with malformed input. */
const malformed =
  (what: (fields: Fields) => string, ...causes: RuleId[]) =>
  (fields: Fields): Ending => ({ what: what(fields), refusedBy: 'KVM', causes, next: [ENTER, DUMP] });

const eventName = (fields: Fields): string => {
  const code = numberIn(fields, 'code');
  return naeEvent(code)?.name ?? `the request ${hex(code)}`;
};

const pscCauses: Readonly<Record<string, readonly [RuleId, ...RuleId[]]>> = {
  [String(PSC_INVALID_HDR)]: ['PscHeaderIllegal'],
  [String(PSC_INVALID_ENTRY)]: ['PscEntryIllegal'],
  [String(PSC_GENERIC_ERROR)]: ['PscRetRefused', 'PscExitsDisabled', 'PscLeftOver'],
};

export function pscFailed(fields: Fields): Ending {
  const info2 = numberIn(fields, 'info2');
  const ret = signedIn(fields, 'ret') ?? 0;
  return {
    what:
      ret === 0
        ? `A page state change was answered with SW_EXITINFO2 ${hex(info2)}.`
        : `The request of a page state change failed with ${ret} in the guest.`,
    refusedBy: info2 === PSC_GENERIC_ERROR ? 'the VMM' : 'KVM',
    causes: pscCauses[String(info2)] ?? [],
    next: [
      'The KVM_EXIT_HYPERCALL exits before the answer name the ranges that userspace saw.',
      'Linux asks for termination with 0x1:0x1 after such an answer.',
    ],
  };
}

function unsupportedVc(fields: Fields): Ending {
  const code = numberIn(fields, 'code');
  const isUnvalidated = code === BigInt(PAGE_NOT_VALIDATED.code);
  return {
    what: isUnvalidated
      ? 'The guest touched private memory that it had not validated.'
      : `The guest has no handler for the #VC exception ${hex(code)}.`,
    refusedBy: 'the guest',
    causes: isUnvalidated
      ? ['NotValidated', 'PageMadePrivate']
      : [
          {
            says: 'The #VC handler of Linux has no case for this exit.',
            source: source.kernel('6.12.117', 'arch/x86/coco/sev/core.c', 'vc_raw_handle_exception'),
          },
        ],
    next: isUnvalidated
      ? ['Page state changes and PVALIDATE of that address, and who changed the page after them.']
      : ['The instruction at the address in the line says which intercept the host has set.'],
  };
}

function guestRequest(fields: Fields): Ending {
  const info2 = numberIn(fields, 'info2');
  const [vmmError, status] = [Number(info2 >> 32n), Number(info2 & 0xffff_ffffn)];
  return {
    what: `A guest request ended with ${errnoWord(signedIn(fields, 'ret') ?? 0)}: ${vmmError === 0 ? `the firmware says ${statusWord(status)}` : vmmErrorText(vmmError)}.`,
    refusedBy: vmmError === 0 ? 'the firmware' : 'the hypervisor',
    causes: vmmError === 0 ? ['GuestRequestAnswered'] : ['CertificatesRefused'],
    next: [
      'After such an error the driver no longer uses the key: later requests of this guest fail as well.',
    ],
  };
}

const gpaText = (fields: Fields): string => hex(numberIn(fields, 'gpa'));

export const requestEndings: Endings = {
  'termination-msr': (fields) =>
    termination(Number(numberIn(fields, 'set')), Number(numberIn(fields, 'code'))),
  'termination-nae': terminatedByNae,
  'rust-system-event': (fields) => {
    const data = numberIn(fields, 'data');
    const { reasonSet, reasonCode } = terminationRequest.decode(data);
    return numberIn(fields, 'type') === 6n ? termination(reasonSet, reasonCode) : undefined;
  },
  'unsupported-event': (fields) => ({
    what: `The guest reported a #VC exception ${hex(numberIn(fields, 'info1'))} that it cannot handle.`,
    refusedBy: 'the guest',
    causes: ['UnsupportedEvent'],
    next: ['KVM_RUN returns -EINVAL, so the VMM stops the VM.'],
  }),
  'jump-table': malformed(
    (fields) => `The guest asked for the AP jump table with ${hex(numberIn(fields, 'info1'))}.`,
    'JumpTableSelector',
  ),
  'ghcb-not-set': () => ({
    what: 'The guest executed VMGEXIT while its GHCB MSR was 0.',
    refusedBy: 'KVM',
    causes: ['GhcbMsrZero'],
    next: ['The guest goes on with its own request as the answer; look at what it does after that.'],
  }),
  'ghcb-not-mapped': (fields) => ({
    what: `KVM could not map the GHCB page ${gpaText(fields)}.`,
    refusedBy: 'KVM',
    causes: ['GhcbNotMappable'],
    next: ['Whether a memory slot holds that address, in the kvm_set_user_memory events of QEMU.'],
  }),
  'ghcb-not-registered': (fields) => ({
    what: `The guest used the GHCB page ${gpaText(fields)} without registering it.`,
    refusedBy: 'KVM',
    causes: ['GhcbNotRegistered'],
    next: ['The MSR requests 0x012 of the same vCPU: which address it registered.'],
  }),
  'ghcb-usage': malformed(
    (fields) => `A request has ghcb_usage ${hex(numberIn(fields, 'usage'))}.`,
    'GhcbUsage',
  ),
  'exit-code-input': malformed(
    (fields) => `A field that ${eventName(fields)} needs was not marked valid.`,
    'MissingInput',
    'SnpOnly',
  ),
  'exit-code-unknown': malformed((fields) => `KVM does not support ${eventName(fields)}.`, 'UnknownEvent'),
  'exit-code-snp-only': malformed((fields) => `A guest without SNP sent ${eventName(fields)}.`, 'SnpOnly'),
  'ap-id': malformed(
    (fields) => `AP creation for APIC id ${hex(numberIn(fields, 'apic'))}, which no vCPU has.`,
    'ApTargetUnknown',
  ),
  'ap-request': malformed((fields) => {
    const request = numberIn(fields, 'request');
    const known = Object.keys(apCreationRequests).join(', ');
    return `AP creation with request ${hex(request)}; there are ${known}. KVM compares all 32 bits, and VMPL stands in bits 19:16.`;
  }, 'ApUnknownRequest'),
  'ap-vmsa': malformed((fields) => `AP creation with VMSA address ${gpaText(fields)}.`, 'ApGpaIllegal'),
  'ap-vmsa-2m': malformed(
    (fields) => `AP creation with VMSA address ${gpaText(fields)}, which is aligned to 2M.`,
    'ApGpaTwoMegAligned',
  ),
  'ap-features': malformed(
    (fields) =>
      `AP creation with SEV_FEATURES ${hex(numberIn(fields, 'asked'))}; the VM has ${hex(numberIn(fields, 'own'))}.`,
    'ApFeaturesDiffer',
  ),
  'ap-injection': malformed(
    (fields) => `AP creation with SEV_FEATURES ${hex(numberIn(fields, 'features'))}.`,
    'ApFeaturesDiffer',
  ),
  'scratch-missing': malformed(() => 'A request has no scratch area.', 'ScratchInvalid'),
  'scratch-area': malformed(() => 'A request has a scratch area that KVM does not take.', 'ScratchInvalid'),
  'psc-failed': pscFailed,
  'psc-backward': () => ({
    what: 'The header of a page state change went backwards.',
    refusedBy: 'the guest',
    causes: ['LinuxPscHeader'],
    next: ['Whether something else writes to the shared buffer of that GHCB page.'],
  }),
  'psc-reserved': () => ({
    what: 'The reserved word in the header of a page state change was not 0 when it came back.',
    refusedBy: 'the guest',
    causes: ['LinuxPscHeader'],
    next: ['Which hypervisor writes there: KVM leaves the word alone.'],
  }),
  'vc-unsupported': unsupportedVc,
  'vc-opcode': unsupportedVc,
  'ap-creation-error': (fields) => ({
    what: `KVM refused the AP ${textIn(fields, 'what')} of the guest.`,
    refusedBy: 'KVM',
    causes: ['ApTargetUnknown', 'ApFeaturesDiffer', 'ApGpaIllegal', 'ApGpaTwoMegAligned', 'ApUnknownRequest'],
    next: ['The kernel log of the host has a line that says which of them it was.', ENTER],
  }),
  'asp-request': guestRequest,
  'svsm-vmgexit-error': (fields) => ({
    what: `coconut-svsm got the answer ${numberIn(fields, 'info1')}/${numberIn(fields, 'info2')} to a request.`,
    refusedBy: 'KVM',
    causes: ['SvsmCallFailed', ...(malformedCauses[String(numberIn(fields, 'info2'))] ?? [])],
    next: ['The kernel log of the host has a line about the refused request.', ENTER],
  }),
};
