/** KVM_SEV_INIT2 and LAUNCH_START. */
import { carriedOver, facet, kernels, sev, unsaidBeforeMerge, unspecified } from '../facet';

const init2 = sev('KVM_SEV_INIT2');
const start = sev('snp_launch_start()');

export const launchStartFacets = {
  'init2.ghcbVersion1': facet({
    doc: 'Whether KVM_SEV_INIT2 lets an SNP VM ask for GHCB version 1.',
    values: {
      accepted: 'Yes; such a guest then finds no hypervisor features.',
      refused: '-EINVAL.',
      unspecified,
    },
    facts: {
      ...unsaidBeforeMerge,
      'linux-6.11': carriedOver('accepted', 'linux-6.12 and linux-6.17'),
      ...kernels('read', init2, { 'linux-6.17': 'accepted' }),
      ...kernels('executed', init2, { 'linux-6.12': 'accepted', 'linux-7.2': 'refused' }),
    },
  }),

  'init2.secureTsc': facet({
    doc: 'Whether KVM can offer Secure TSC (feature bit 9) to an SNP VM.',
    values: { no: 'The bit is never supported.', yes: 'The bit may be in the supported set.', unspecified },
    facts: {
      ...unsaidBeforeMerge,
      'linux-6.11': carriedOver('no', 'linux-6.12 and linux-6.17'),
      ...kernels('read', init2, { 'linux-6.12': 'no', 'linux-6.17': 'no' }),
      ...kernels('executed', init2, { 'linux-7.2': 'yes' }),
    },
  }),

  'asid.ciphertextHiding': facet({
    doc: 'Whether ciphertext hiding can split the ASIDs between SNP and SEV-ES VMs.',
    values: {
      no: 'SNP and SEV-ES share one range.',
      yes: 'With it on, SNP gets [1, N] and SEV-ES the rest.',
      unspecified,
    },
    facts: {
      ...unsaidBeforeMerge,
      'linux-6.11': carriedOver('no', 'linux-6.12 and linux-6.17'),
      ...kernels('read', sev('ASID allocation'), {
        'linux-6.12': 'no',
        'linux-6.17': 'no',
        'linux-7.2': 'yes',
      }),
    },
  }),

  'attr.snpPolicyBits': facet({
    doc: 'Whether the VMM can ask which policy bits KVM supports (attribute 1 of group KVM_X86_GRP_SEV).',
    values: {
      no: 'There is no such attribute: -ENXIO.',
      yes: 'The attribute returns the mask.',
      unspecified,
    },
    facts: {
      ...unsaidBeforeMerge,
      'linux-6.11': carriedOver('no', 'linux-6.12 and linux-6.17'),
      ...kernels('read', sev('device attributes'), {
        'linux-6.12': 'no',
        'linux-6.17': 'no',
        'linux-7.2': 'yes',
      }),
    },
  }),

  'ls.policy': facet({
    doc: 'Which guest policies LAUNCH_START lets through to the firmware; others are -EINVAL.',
    values: {
      knownSmtRequired:
        'Bits 0 to 17, 19 and 20 are known; SMT (16) must be 1 and SINGLE_SOCKET (20) must be 0.',
      known: 'Bits 0 to 17, 19 and 20 are known; SMT and SINGLE_SOCKET are left to the firmware.',
      firmwareMask: 'The bits that the firmware reports, except MIGRATE_MA (18).',
      unspecified,
    },
    facts: {
      ...unsaidBeforeMerge,
      'linux-6.11': carriedOver('knownSmtRequired', 'linux-6.12'),
      ...kernels('read', start, { 'linux-6.17': 'known' }),
      ...kernels('executed', start, { 'linux-6.12': 'knownSmtRequired', 'linux-7.2': 'firmwareMask' }),
    },
  }),
} as const;
