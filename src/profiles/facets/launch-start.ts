/** KVM_SEV_INIT2, or what stood in its place, and LAUNCH_START. */
import { posted, review, v11, v14, v4, v5 } from '../documents';
import {
  asMerged,
  carriedOver,
  facet,
  inferred,
  kernels,
  nearest,
  read,
  sev,
  silent,
  unsaidBeforeMerge,
  unspecified,
} from '../facet';

const init2 = sev('KVM_SEV_INIT2');
const start = sev('snp_launch_start()');

export const launchStartFacets = {
  'init2.command': facet({
    doc: 'Which command makes a VM an SNP guest.',
    values: {
      snpInit:
        'KVM_SEV_SNP_INIT: it has flags only, supports none of them (-EOPNOTSUPP) and writes the supported set back.',
      init2: 'KVM_SEV_INIT2: VMSA features, flags and GHCB version.',
    },
    facts: {
      'part2-v4': read('snpInit', v4.launchStart),
      'as-reviewed': inferred('init2', review.pscExits),
      'part2-v5': read('snpInit', v5.launchStart),
      v11: read('snpInit', v11.snpInit),
      v14: read('init2', v14.launchStart),
      ...kernels('read', init2, {
        'linux-6.11': 'init2',
        'linux-6.12': 'init2',
        'linux-6.17': 'init2',
        'linux-7.2': 'init2',
      }),
    },
  }),

  'init2.twice': facet({
    doc: 'What a legacy command, or a second initialisation, of an active SNP guest returns.',
    values: {
      eperm: '-EPERM: an active SNP guest takes SNP commands only.',
      ebusy: 'A second initialisation is -EBUSY.',
      unspecified,
    },
    shownAs: nearest(
      'v14',
      'eperm',
      'the first posting with KVM_SEV_INIT2, the command of the reviewed design too',
    ),
    facts: {
      'part2-v4': carriedOver('ebusy', 'part2-v5'),
      'as-reviewed': silent('no reviewer asked for anything here'),
      'part2-v5': read('ebusy', v5.sevc),
      v11: inferred('ebusy', v11.initTwice),
      v14: read('eperm', v14.launchStart),
      ...kernels('read', init2, { 'linux-6.11': 'eperm', 'linux-6.17': 'eperm' }),
      ...kernels('executed', init2, { 'linux-6.12': 'eperm', 'linux-7.2': 'eperm' }),
    },
  }),

  'init2.ghcbVersion1': facet({
    doc: 'Whether KVM_SEV_INIT2 lets an SNP VM ask for GHCB version 1.',
    values: {
      accepted: 'Yes; such a guest then finds no hypervisor features.',
      refused: '-EINVAL.',
      unspecified,
    },
    shownAs: asMerged('accepted'),
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
    shownAs: asMerged('no'),
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
      yes: 'With ciphertext hiding on, SNP gets [1, N] and SEV-ES the rest.',
      unspecified,
    },
    shownAs: asMerged('no'),
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
    shownAs: asMerged('no'),
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
    doc: 'Which guest policies LAUNCH_START passes to the firmware; others are -EINVAL.',
    values: {
      knownSmtRequired:
        'Bits 0 to 17, 19 and 20 are known; SMT (16) must be 1 and SINGLE_SOCKET (20) must be 0.',
      known: 'Bits 0 to 17, 19 and 20 are known; only the firmware checks SMT and SINGLE_SOCKET.',
      firmwareMask: 'The bits that the firmware reports, except MIGRATE_MA (18).',
      smtRequired:
        'Any bit, also without the reserved one; SMT (16) must be 1 and SINGLE_SOCKET (20) must be 0.',
      any: 'All: only the firmware checks the policy.',
      unspecified,
    },
    shownAs: asMerged('knownSmtRequired'),
    facts: {
      'part2-v4': read('any', v4.launchStart),
      'as-reviewed': silent('no reviewer asked for anything here'),
      'part2-v5': read('any', v5.launchStart),
      v11: read('smtRequired', v11.launchStart),
      v14: read('knownSmtRequired', v14.launchStart),
      'linux-6.11': carriedOver('knownSmtRequired', 'linux-6.12'),
      ...kernels('read', start, { 'linux-6.17': 'known' }),
      ...kernels('executed', start, { 'linux-6.12': 'knownSmtRequired', 'linux-7.2': 'firmwareMask' }),
    },
  }),

  'ls.refusal': facet({
    doc: 'What a LAUNCH_START that KVM refuses for its flags or policy leaves behind.',
    values: {
      nothing: 'Nothing: KVM checks flags and policy first.',
      context:
        'The context: KVM creates it first and keeps it, so that every further LAUNCH_START is -EINVAL and LAUNCH_UPDATE is accepted.',
      unspecified,
    },
    shownAs: nearest('linux-6.12', 'nothing', 'the first kernel that was executed for it'),
    facts: {
      'part2-v4': silent('it refuses no policy and has no flags'),
      'as-reviewed': silent('no reviewer asked for anything here'),
      'part2-v5': silent('it refuses no policy and has no flags'),
      v11: read('context', v11.launchStart),
      v14: read('context', v14.launchStart),
      'linux-6.11': inferred('context', posted.contextLater),
      ...kernels('read', start, { 'linux-6.17': 'nothing' }),
      ...kernels('executed', start, { 'linux-6.12': 'nothing', 'linux-7.2': 'nothing' }),
    },
  }),

  'ls.twice': facet({
    doc: 'What a second LAUNCH_START does.',
    values: {
      einval: '-EINVAL: there is a context already.',
      replacesContext:
        'It creates another context and loses the first one; ACTIVATE cannot bind the ASID to it, so KVM frees it and returns -EIO.',
      unspecified,
    },
    shownAs: asMerged('einval'),
    facts: {
      'part2-v4': read('replacesContext', v4.launchStart),
      'as-reviewed': silent('no reviewer asked for anything here'),
      'part2-v5': read('replacesContext', v5.launchStart),
      v11: read('einval', v11.launchStart),
      v14: read('einval', v14.launchStart),
      ...kernels('read', start, { 'linux-6.11': 'einval', 'linux-6.17': 'einval' }),
      ...kernels('executed', start, { 'linux-6.12': 'einval', 'linux-7.2': 'einval' }),
    },
  }),
} as const;
