/** Where private pages come from, what guest_memfd does with them, and the ioctls around them. */
import { posted, review, v11, v14, v4, v5 } from '../documents';
import {
  asMerged,
  carriedOver,
  facet,
  holdsFor,
  inferred,
  kernels,
  nearest,
  read,
  sev,
  silent,
  unsaidBeforeMerge,
  unspecified,
} from '../facet';

const finish = sev('snp_launch_finish()');
const createGmem = { file: 'virt/kvm/guest_memfd.c', topic: 'KVM_CREATE_GUEST_MEMFD' };
const gmemPrepare = { file: 'virt/kvm/guest_memfd.c', topic: 'first private use of a page' };

export const guestMemoryFacets = {
  'mem.private': facet({
    doc: 'What backs the private pages of a guest.',
    values: {
      userPages:
        'The same pages of userspace as the shared ones, pinned; there are neither memory attributes nor guest_memfd.',
      guestMemfd: 'Pages of guest_memfd; KVM_SET_MEMORY_ATTRIBUTES says which frames are private.',
    },
    facts: {
      'part2-v4': read('userPages', v4.launchUpdate),
      'as-reviewed': read('guestMemfd', review.launchUpdateV11),
      'part2-v5': read('userPages', v5.launchUpdate),
      v11: read('guestMemfd', v11.launchUpdate),
      v14: read('guestMemfd', v14.launchUpdate),
      ...kernels('read', gmemPrepare, {
        'linux-6.11': 'guestMemfd',
        'linux-6.12': 'guestMemfd',
        'linux-6.17': 'guestMemfd',
        'linux-7.2': 'guestMemfd',
      }),
    },
  }),

  'preFault.beforeFinish': facet({
    doc: 'What KVM_PRE_FAULT_MEMORY before a successful LAUNCH_FINISH returns.',
    values: { noIoctl: 'There is no such ioctl yet.', refused: '-EOPNOTSUPP.', unspecified },
    shownAs: asMerged('refused'),
    facts: {
      'part2-v4': inferred('noIoctl', posted.preFault),
      'as-reviewed': silent('no reviewer asked for anything here'),
      'part2-v5': inferred('noIoctl', posted.preFault),
      v11: inferred('noIoctl', posted.preFault),
      v14: silent('the ioctl was proposed two days before; the base of the series was not read'),
      ...kernels('read', finish, {
        'linux-6.11': 'refused',
        'linux-6.12': 'refused',
        'linux-6.17': 'refused',
        'linux-7.2': 'refused',
      }),
    },
  }),

  'gmem.upToDateAfterRmpFailure': facet({
    doc: 'Whether a guest_memfd page counts as up to date although its first private use failed in the RMP update.',
    values: {
      no: 'It is zeroed again at the next use.',
      yes: 'It is not zeroed again, so old plain text can survive in it.',
      unspecified,
    },
    shownAs: nearest('linux-6.12', 'no', 'the oldest kernel that was examined for it'),
    facts: {
      ...unsaidBeforeMerge,
      'linux-6.11': silent('this version was not examined for it'),
      'linux-6.17': silent('this version was not examined for it'),
      ...kernels('executed', gmemPrepare, { 'linux-6.12': 'no', 'linux-7.2': 'yes' }),
    },
  }),

  'gmem.mmapFlag': facet({
    doc: 'Whether KVM_CREATE_GUEST_MEMFD takes the MMAP flag for an SNP VM.',
    values: {
      refused: 'No flag exists: -EINVAL.',
      accepted:
        'Yes, though a user access to the mapping gets SIGBUS. Shared accesses of the guest are served from the file as well, and make its pages private in the RMP.',
      unspecified,
    },
    shownAs: asMerged('refused'),
    facts: {
      ...unsaidBeforeMerge,
      'linux-6.11': carriedOver('refused', 'linux-6.12'),
      'linux-6.17': silent('this version was not examined for it'),
      ...kernels('read', createGmem, { 'linux-6.12': 'refused' }),
      ...kernels('executed', createGmem, { 'linux-7.2': 'accepted' }),
    },
  }),
} as const;

/** Whether private pages come from guest_memfd, with memory attributes beside it; else they are the shared ones. */
export const usesGuestMemfd = holdsFor<(typeof guestMemoryFacets)['mem.private']>({
  userPages: false,
  guestMemfd: true,
});
