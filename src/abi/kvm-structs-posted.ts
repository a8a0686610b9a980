/** Arguments of the launch commands as postings had them before the merge. Nothing of this reached a release. */
import { launchUpdateTypes, snpPolicy } from './kvm-structs';
import { struct } from './layout';
import { source } from './source';

const posting = (id: string, patch: string, who: string, date: string) =>
  source.mail(`${id} ("${patch}")`, who, date);
const pad = { doc: 'Padding of the compiler' } as const;
const permissions = (vmpl: number): string => `Permissions of VMPL ${vmpl}`;

/** struct kvm_snp_init, argument of KVM_SEV_SNP_INIT, which stood where KVM_SEV_INIT2 is now. */
export const kvmSnpInit = struct(
  'struct kvm_snp_init',
  posting('20231230172351.574091-16-michael.roth@amd.com', '[PATCH v11 15/35]', 'Michael Roth', '2023-12-30'),
  8,
  { flags: { at: 0, size: 8, doc: 'Must be 0; the supported flags are handed back' } },
);

/** struct kvm_sev_snp_launch_start from the first postings up to v11. */
export const launchStartPosted = struct(
  'struct kvm_sev_snp_launch_start (to v11)',
  posting('20231230172351.574091-17-michael.roth@amd.com', '[PATCH v11 16/35]', 'Michael Roth', '2023-12-30'),
  40,
  {
    policy: { at: 0, size: 8, word: snpPolicy, doc: 'Guest policy' },
    maUaddr: { at: 8, size: 8, doc: 'User address of a migration agent; not used' },
    maEn: { at: 16, size: 1, as: 'flag', doc: 'A migration agent is given; not used' },
    imiEn: { at: 17, size: 1, as: 'flag', doc: 'Launch from an incoming migration image; not used' },
    gosvw: { at: 18, size: 16, doc: 'Guest OS visible workarounds' },
    pad: { at: 34, size: 6, doc: 'Padding, not declared before v5' },
  },
);

/** struct kvm_sev_snp_launch_update of "[PATCH Part2 RFC v4]": the frame is looked up from `uaddr`. */
export const launchUpdateV4 = struct(
  'struct kvm_sev_snp_launch_update (Part2 RFC v4)',
  posting(
    '20210707183616.5620-25-brijesh.singh@amd.com',
    '[PATCH Part2 RFC v4 24/40]',
    'Brijesh Singh',
    '2021-07-07',
  ),
  24,
  {
    uaddr: { at: 0, size: 8, doc: 'User address of guest memory' },
    len: { at: 8, size: 4, doc: 'Bytes' },
    imiPage: { at: 12, size: 1, as: 'flag', doc: 'Part of an incoming migration image; not used' },
    pageType: {
      at: 13,
      size: 1,
      as: 'dec',
      names: launchUpdateTypes,
      doc: 'Page type, as the firmware has it',
    },
    vmpl3Perms: { at: 14, size: 1, doc: permissions(3) },
    vmpl2Perms: { at: 15, size: 1, doc: permissions(2) },
    vmpl1Perms: { at: 16, size: 1, doc: permissions(1) },
    tail: { at: 17, size: 7, ...pad },
  },
);

/** struct kvm_sev_snp_launch_update of v5 to v11. v5 and v6 count frames from `startGfn`, later ones never look at it. */
export const launchUpdateV5 = struct(
  'struct kvm_sev_snp_launch_update (v5 to v11)',
  posting(
    '20210820155918.7518-26-brijesh.singh@amd.com',
    '[PATCH Part2 v5 25/45]',
    'Brijesh Singh',
    '2021-08-20',
  ),
  32,
  {
    startGfn: { at: 0, size: 8, doc: 'First guest frame' },
    uaddr: { at: 8, size: 8, doc: 'User address of guest memory' },
    len: { at: 16, size: 4, doc: 'Bytes' },
    imiPage: { at: 20, size: 1, as: 'flag', doc: 'Part of an incoming migration image; not used' },
    pageType: {
      at: 21,
      size: 1,
      as: 'dec',
      names: launchUpdateTypes,
      doc: 'Page type, as the firmware has it',
    },
    vmpl3Perms: { at: 22, size: 1, doc: permissions(3) },
    vmpl2Perms: { at: 23, size: 1, doc: permissions(2) },
    vmpl1Perms: { at: 24, size: 1, doc: permissions(1) },
    tail: { at: 25, size: 7, ...pad },
  },
);

/** struct kvm_sev_snp_launch_update of v13: the frame and any source, without flags. */
export const launchUpdateV13 = struct(
  'struct kvm_sev_snp_launch_update (v13)',
  posting(
    '20240418194133.1452059-11-michael.roth@amd.com',
    '[PATCH v13 10/26]',
    'Michael Roth',
    '2024-04-18',
  ),
  24,
  {
    gfnStart: { at: 0, size: 8, doc: 'First guest frame' },
    uaddr: { at: 8, size: 8, doc: 'User address of the source bytes' },
    len: { at: 16, size: 4, doc: 'Bytes' },
    type: { at: 20, size: 1, as: 'dec', names: launchUpdateTypes, doc: 'Page type; VMSA is refused' },
    tail: { at: 21, size: 3, ...pad },
  },
);
