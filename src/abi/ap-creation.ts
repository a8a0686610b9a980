/** SNP AP creation, NAE event 0x80000013: which vCPU, what to do with it, and which page holds its VMSA. */
import { word } from './layout';
import { source } from './source';

/** Requests. CREATE_ON_INIT waits for the target's INIT; the others are served at once. */
export const SVM_VMGEXIT_AP_CREATE_ON_INIT = 0;
export const SVM_VMGEXIT_AP_CREATE = 1;
export const SVM_VMGEXIT_AP_DESTROY = 2;

export const apCreationRequests = {
  [SVM_VMGEXIT_AP_CREATE_ON_INIT]: 'CREATE_ON_INIT',
  [SVM_VMGEXIT_AP_CREATE]: 'CREATE',
  [SVM_VMGEXIT_AP_DESTROY]: 'DESTROY',
} as const;

/** SW_EXITINFO1. KVM compares the whole low half with the request, so it refuses every VMPL but 0. */
export const apInfo1 = word('AP creation (SW_EXITINFO1)', source.ghcb('SNP AP creation'), {
  request: { bits: [15, 0], names: apCreationRequests, doc: 'What to do with the target' },
  vmpl: {
    bits: [19, 16],
    as: 'dec',
    doc: 'VMPL of the VMSA',
    source: source.mail(
      '[RFC PATCH 3/7] KVM: SVM: Invoke a specified VMPL level VMSA for the vCPU (series)',
      'Tom Lendacky',
      '27 Aug 2024',
    ),
  },
  reserved: { bits: [31, 20], reserved: true, doc: 'Zero' },
  apicId: { bits: [63, 32], as: 'dec', doc: 'APIC id of the target; KVM takes it as its vCPU id' },
});

/** SW_EXITINFO2: where the VMSA lies. DESTROY ignores it. */
export const apInfo2 = word('AP creation (SW_EXITINFO2)', source.ghcb('SNP AP creation'), {
  offset: { bits: [11, 0], reserved: true, doc: 'Zero: a VMSA is page aligned' },
  gfn: {
    bits: [63, 12],
    as: 'gfn',
    doc: 'GFN of the VMSA page; KVM refuses a multiple of 2 MiB, GPA 0 among them',
  },
});
