/** Nested page faults, pre-fault and memory slots, where kernels that have guest_memfd differ. */
import { facet, kernels, nearest, silent, unsaidBeforeMerge, unspecified } from '../facet';

const mmu = { file: 'arch/x86/kvm/mmu/tdp_mmu.c', topic: 'a fault on an entry that is there already' };
const notExamined = silent('this version was not examined for it');
const unexamined = {
  ...unsaidBeforeMerge,
  'linux-6.11': notExamined,
  'linux-6.17': notExamined,
} as const;
const oldest = 'the oldest kernel that was examined for it';

export const memoryFaultFacets = {
  'fault.presentEntry': facet({
    doc: 'What a nested fault or a pre-fault does to an entry that already allows the access.',
    values: {
      rewritten: 'It is written anew, with the rights that the page can have now.',
      leftAlone: 'It stays as it is.',
      unspecified,
    },
    shownAs: nearest('linux-6.12', 'rewritten', oldest),
    facts: {
      ...unexamined,
      ...kernels('executed', mmu, { 'linux-6.12': 'rewritten', 'linux-7.2': 'leftAlone' }),
    },
  }),

  'fault.reservedBit': facet({
    doc: 'What KVM does with a nested fault on an entry with reserved bits, as for emulated MMIO.',
    values: {
      mmioEntry:
        'It looks at the entry: an old one for MMIO is resolved anew, with the C-bit it warns and fails.',
      reenters: 'An SEV-ES or SNP guest is entered again at once, since its instruction cannot be emulated.',
      unspecified,
    },
    shownAs: nearest('linux-6.12', 'mmioEntry', oldest),
    facts: {
      ...unexamined,
      ...kernels(
        'read',
        { file: 'arch/x86/kvm/svm/svm.c', topic: 'npf_interception' },
        { 'linux-6.12': 'mmioEntry', 'linux-7.2': 'reenters' },
      ),
    },
  }),

  'preFault.invalidSlot': facet({
    doc: 'What KVM_PRE_FAULT_MEMORY does in a slot that is being deleted or moved.',
    values: {
      retries: 'It tries again until a signal comes; the deletion waits for it meanwhile.',
      eagain: '-EAGAIN.',
      unspecified,
    },
    shownAs: nearest('linux-6.12', 'retries', oldest),
    facts: {
      ...unexamined,
      ...kernels(
        'executed',
        { file: 'arch/x86/kvm/mmu/mmu.c', topic: 'a fault in an invalid slot' },
        { 'linux-6.12': 'retries', 'linux-7.2': 'eagain' },
      ),
    },
  }),

  'slot.boundTwice': facet({
    doc: 'The errno for a slot whose pages of guest_memfd are behind another slot already.',
    values: { einval: '-EINVAL.', eexist: '-EEXIST.', unspecified },
    shownAs: nearest('linux-6.12', 'einval', oldest),
    facts: {
      ...unexamined,
      ...kernels(
        'executed',
        { file: 'virt/kvm/guest_memfd.c', topic: 'kvm_gmem_bind' },
        { 'linux-6.12': 'einval', 'linux-7.2': 'eexist' },
      ),
    },
  }),
} as const;
