/** Members of the union of `struct kvm_run` as postings had them before the merge. Nothing of this reached a release. */
import { DRAFT_SYSTEM_EVENT_SEV_TERM, inUnion } from './kvm-run-members';
import { struct } from './layout';
import { marked, source } from './source';

/** KVM_EXIT_VMGEXIT with a type, as posted from December 2023 to April 2024; mainline gave 40 to KVM_EXIT_TDX. Never merged. */
export const KVM_EXIT_VMGEXIT = 40;
export const KVM_USER_VMGEXIT_PSC_MSR = 1;
export const KVM_USER_VMGEXIT_PSC = 2;
/** The same exit as posted before, carrying the unmodified GHCB MSR. Never merged; mainline has no exit of this number. */
export const KVM_EXIT_VMGEXIT_RAW = 50;

const typedVmgexit = source.mail('[PATCH v11 nn/35] KVM_EXIT_VMGEXIT', 'Michael Roth', '30 Dec 2023');
const vmgexitLayout = marked(typedVmgexit, 'inferred');
const vmgexitPscLayout = source.mail(
  '[PATCH v14 nn/22] KVM_EXIT_VMGEXIT',
  'Michael Roth',
  '21 Apr 2024',
  'inferred',
);
const rawVmgexitLayout = source.mail(
  '[PATCH RFC v9 nn/51] and [PATCH v10 nn/50], KVM_EXIT_VMGEXIT with ghcb_msr and ret',
  'Michael Roth',
  '2023',
  'inferred',
);
const vmgexitTypes = { [KVM_USER_VMGEXIT_PSC_MSR]: 'PSC_MSR', [KVM_USER_VMGEXIT_PSC]: 'PSC' } as const;

/** KVM_EXIT_VMGEXIT type 1. Field order as posted; the offsets follow from natural alignment. */
export const kvmRunVmgexitPscMsr = struct(
  'kvm_run.vmgexit.psc_msr (posted, never merged)',
  vmgexitLayout,
  24,
  {
    type: { at: 32, size: 4, as: 'dec', names: vmgexitTypes, doc: 'Which request' },
    padding: { at: 36, size: 4, doc: 'Padding' },
    gpa: { at: 40, size: 8, as: 'gpa', doc: 'GPA of the page' },
    op: { at: 48, size: 1, as: 'dec', names: { 1: 'private', 2: 'shared' }, doc: 'Wanted state' },
    padding2: { at: 49, size: 3, doc: 'Padding' },
    ret: { at: 52, size: 4, doc: 'Answer of userspace; goes to [63:32] of the guest answer as it is' },
  },
  inUnion,
);

/** KVM_EXIT_VMGEXIT type 2 (v14). */
export const kvmRunVmgexitPsc = struct(
  'kvm_run.vmgexit.psc (posted, never merged)',
  vmgexitPscLayout,
  24,
  {
    type: { at: 32, size: 4, as: 'dec', names: vmgexitTypes, doc: 'Which request' },
    padding: { at: 36, size: 4, doc: 'Padding' },
    sharedGpa: { at: 40, size: 8, as: 'gpa', doc: 'GPA of the PSC buffer, as the guest gave it' },
    ret: { at: 48, size: 8, doc: 'Answer of userspace; becomes SW_EXITINFO2' },
  },
  inUnion,
);

/** KVM_EXIT_VMGEXIT as it was before it had a type. */
export const kvmRunVmgexitRaw = struct(
  'kvm_run.vmgexit (posted, never merged)',
  rawVmgexitLayout,
  16,
  {
    ghcbMsr: {
      at: 32,
      size: 8,
      doc: 'The GHCB MSR; for an MSR request also the answer of userspace, as the guest will read it',
    },
    ret: { at: 40, size: 8, doc: 'Answer of userspace to a batch; becomes SW_EXITINFO2' },
  },
  inUnion,
);

/** What the termination patch V4 of 2022 left beside KVM_EXIT_SHUTDOWN. A 32-bit VMM finds `flags` at 36: nothing pads it. */
export const kvmRunShutdownV4 = struct(
  'kvm_run.system_event (posted, never merged)',
  source.mail(
    '20220405183506.2138403-1-pgonda@google.com ("[PATCH V4] KVM, SEV: Add KVM_EXIT_SYSTEM_EVENT metadata for SEV-ES")',
    'Peter Gonda',
    '2022-04-05',
    'inferred',
  ),
  16,
  {
    type: {
      at: 32,
      size: 4,
      as: 'dec',
      names: { [DRAFT_SYSTEM_EVENT_SEV_TERM]: 'KVM_SYSTEM_EVENT_SEV_TERM' },
      doc: 'Which event',
    },
    padding: { at: 36, size: 4, doc: 'Padding of a 64-bit compiler' },
    flags: { at: 40, size: 8, doc: 'The GHCB MSR value' },
  },
  inUnion,
);
