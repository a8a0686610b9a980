/** The mails and trees that the facets cite, each named once. */
import { source, type Source } from '../abi/source';

const singh = (part: string, number: number, title: string) =>
  source.mail(
    `20210707183616.5620-${number}-brijesh.singh@amd.com ("${part}": ${title})`,
    'Brijesh Singh',
    '2021-07-07',
  );

/** "[PATCH Part2 RFC v4 nn/40]", 2021-07-07. */
export const v4 = {
  launchStart: singh('[PATCH Part2 RFC v4 23/40]', 24, 'LAUNCH_START'),
  launchUpdate: singh('[PATCH Part2 RFC v4 24/40]', 25, 'LAUNCH_UPDATE'),
  launchFinish: singh('[PATCH Part2 RFC v4 26/40]', 27, 'LAUNCH_FINISH'),
  pscMsr: singh('[PATCH Part2 RFC v4 33/40]', 34, 'MSR page state change'),
  pscBatch: singh('[PATCH Part2 RFC v4 34/40]', 35, 'batched page state change'),
  rmpFault: singh('[PATCH Part2 RFC v4 37/40]', 38, 'RMP nested page fault'),
  apCreation: singh('[PATCH Part2 RFC v4 40/40]', 41, 'AP Creation NAE event'),
  series: source.mail(
    '20210707183616.5620-1-brijesh.singh@amd.com (the series "[PATCH Part2 RFC v4 nn/40]")',
    'Brijesh Singh',
    '2021-07-07',
  ),
};

const christopherson = (id: string, topic: string, date: string) =>
  source.mail(`${id} (${topic})`, 'Sean Christopherson', date);

/** What the reviewers asked for, 2021 to 2024. */
export const review = {
  apCreation: christopherson('YPh7F2talucL7FQ9@google.com', 'on "[PATCH Part2 RFC v4 40/40]"', '2021-07-21'),
  launchUpdate: christopherson(
    'YPXl7sVBx7lDLx/U@google.com',
    'on "[PATCH Part2 RFC v4 24/40]"',
    '2021-07-19',
  ),
  launchUpdateV11: source.mail(
    '20240209015205.xv66udh6hqz7a6t7@amd.com (on "[PATCH v11 18/35]")',
    'Michael Roth and reviewers',
    '2024-02-08',
  ),
  launchFinish: christopherson(
    'YPHpk3RFSmE13ZXz@google.com and YPXPKLW8DvqK7yak@google.com',
    'on "[PATCH Part2 RFC v4 26/40]"',
    '2021-07-16 and 2021-07-19',
  ),
  vmsaFree: christopherson(
    'YPXc6M4jTS68swaV@google.com',
    'closing the question of page reclaim',
    '2021-07-19',
  ),
  pscBatch: christopherson('YPH2qRkkG6m0FT2X@google.com', 'on "[PATCH Part2 RFC v4 34/40]"', '2021-07-16'),
  pscExits: source.mail(
    'ZirVlF-zQPNOOahU@google.com and 20240426224826.q53obbzjzhp6lrme@amd.com (on "[PATCH v14 09/22]")',
    'Sean Christopherson and Michael Roth',
    '2024-04-25 and 2024-04-26',
  ),
  termination: christopherson(
    'YkzJN6kKMenpT0mm@google.com',
    'on "[PATCH V4] KVM, SEV: Add KVM_EXIT_SYSTEM_EVENT metadata for SEV-ES"',
    '2022-04-05',
  ),
};

const singhV5 = (part: string, number: number, title: string) =>
  source.mail(
    `20210820155918.7518-${number}-brijesh.singh@amd.com ("${part}": ${title})`,
    'Brijesh Singh',
    '2021-08-20',
  );

/** "[PATCH Part2 v5 nn/45]", 2021-08-20, and what was read beside it. */
export const v5 = {
  launchStart: singhV5('[PATCH Part2 v5 24/45]', 25, 'LAUNCH_START'),
  launchUpdate: singhV5('[PATCH Part2 v5 25/45]', 26, 'LAUNCH_UPDATE'),
  apCreation: source.mail(
    '20210820155918.7518-45-brijesh.singh@amd.com ("[PATCH Part2 v5 44/45]": AP Creation NAE event)',
    'Brijesh Singh',
    '2021-08-20',
  ),
  pscBatch: source.mail(
    '"[PATCH Part2 v5 36/45]" as quoted in a review of D. A. Gilbert (batched page state change)',
    'Brijesh Singh',
    '2021-08-20',
  ),
  rmpFault: source.mail(
    '20210820155918.7518-42-brijesh.singh@amd.com ("[PATCH Part2 v5 41/45]": RMP nested page fault) as quoted in a review of D. A. Gilbert',
    'Brijesh Singh',
    '2021-08-20',
  ),
  sevc: {
    confidence: 'read',
    document: 'a stored v5-era arch/x86/kvm/svm/sev.c with extra SVSM work',
    place: 'page state change and launch',
  } as Source,
};

const roth = (id: string, title: string, date: string) =>
  source.mail(`${id} (${title})`, 'Michael Roth', date);

/** "[PATCH v11 nn/35]", 2023-12-30. */
export const v11 = {
  series: roth(
    '20231230172351.574091-nn-michael.roth@amd.com',
    'the series "[PATCH v11 nn/35]"',
    '2023-12-30',
  ),
  snpInit: roth(
    '20231230172351.574091-16-michael.roth@amd.com',
    '"[PATCH v11 15/35]": SNP_INIT',
    '2023-12-30',
  ),
  launchStart: roth(
    '20231230172351.574091-17-michael.roth@amd.com',
    '"[PATCH v11 16/35]": LAUNCH_START',
    '2023-12-30',
  ),
  launchUpdate: roth(
    '20231230172351.574091-19-michael.roth@amd.com',
    '"[PATCH v11 18/35]": LAUNCH_UPDATE',
    '2023-12-30',
  ),
  /** Its lines that are removed stood in the tree of the posting, which shows their neighbours unchanged. */
  initTwice: source.mail(
    '20240131235609.4161407-5-seanjc@google.com ("[PATCH v4 4/4] KVM: SVM: Return -EINVAL instead of -EBUSY on attempt to re-init SEV/SEV-ES")',
    'Sean Christopherson',
    '2024-01-31',
  ),
  hvaRange: roth(
    'the HVA range operator of the same series',
    'kvm_vm_do_hva_range_op(), alike in all postings read',
    '2023',
  ),
  pscMsr: roth(
    '20231230172351.574091-22-michael.roth@amd.com',
    '"[PATCH v11 21/35]": MSR page state change',
    '2023-12-30',
  ),
  pscBatch: roth(
    '20231230172351.574091-23-michael.roth@amd.com',
    '"[PATCH v11 22/35]": batched page state change',
    '2023-12-30',
  ),
  apCreation: source.mail(
    'CAJ5mJ6hpSSVhZ5hbPZ8vfSnmNU6W+g4e=PeLrG7fG2u8KptfHQ@mail.gmail.com (quoting "[PATCH v11 26/35]": AP Creation)',
    'J. Xu',
    'after 2023-12-30',
  ),
};

/** "[PATCH v14 nn/22]", 2024-04-21, with the v12, v13 and v15 mails it was read through. */
export const v14 = {
  series: roth(
    '20240421180122.1650812-nn-michael.roth@amd.com',
    'the series "[PATCH v14 nn/22]"',
    '2024-04-21',
  ),
  cover: roth('20240421180122.1650812-1-michael.roth@amd.com', 'cover of "[PATCH v14 00/22]"', '2024-04-21'),
  launchStart: roth(
    '20240421180122.1650812-6-michael.roth@amd.com',
    '"[PATCH v14 05/22]": LAUNCH_START',
    '2024-04-21',
  ),
  launchUpdate: roth(
    '20240421180122.1650812-7-michael.roth@amd.com',
    '"[PATCH v14 06/22]": LAUNCH_UPDATE',
    '2024-04-21',
  ),
  pscMsr: roth('"[PATCH v13 13/26]"', 'MSR page state change, unchanged in v14', '2024-04-18'),
  pscBatch: roth(
    '20240329225835.400662-16-michael.roth@amd.com',
    '"[PATCH v12 15/29]": batched page state change',
    '2024-03-29',
  ),
  squash: roth('20240423162144.1780159-2-michael.roth@amd.com', '"[PATCH v14 24/22] [SQUASH]"', '2024-04-23'),
  apCreation: roth(
    '20240418194133.1452059-17-michael.roth@amd.com',
    '"[PATCH v13 16/26]": AP Creation',
    '2024-04-18',
  ),
  apCreationV15: roth(
    '20240501085210.2213060-13-michael.roth@amd.com',
    '"[PATCH v15 12/20]": AP Creation',
    '2024-05-01',
  ),
};

/** The 2022 termination patches and the postings that overlays reproduce. */
export const posted = {
  termV4: source.mail(
    '20220405183506.2138403-1-pgonda@google.com ("[PATCH V4] KVM, SEV: Add KVM_EXIT_SYSTEM_EVENT metadata for SEV-ES")',
    'Peter Gonda',
    '2022-04-05',
  ),
  termV41: source.mail(
    '20220407210233.782250-1-pgonda@google.com ("[PATCH v4.1] KVM, SEV: Add KVM_EXIT_SHUTDOWN metadata for SEV-ES")',
    'Peter Gonda',
    '2022-04-07',
  ),
  termData: source.mail(
    '20220422103013.34832-1-pbonzini@redhat.com (commit d495f942f40a, ndata and data[16])',
    'Paolo Bonzini',
    '2022-04-22',
  ),
  pull: roth('20240510211024.556136-10-michael.roth@amd.com', '"[PULL 09/19]"', '2024-05-10'),
  v15SmashFix: roth(
    '20240510015822.503071-3-michael.roth@amd.com',
    '"[PATCH v15 23/23] KVM: SEV: Fix PSC handling for SMASH/UNSMASH"',
    '2024-05-09',
  ),
  firstPull: roth('20240512020634.6sh6cwfwszzmwknq@amd.com', 'on "[PULL 09/19]"', '2024-05-11'),
  retFix: source.mail('20241213194137.315304-1-pbonzini@redhat.com', 'Paolo Bonzini', '2024-12-13'),
  v13Launch: roth(
    '20240418194133.1452059-11-michael.roth@amd.com',
    '"[PATCH v13 10/26]": LAUNCH_UPDATE',
    '2024-04-18',
  ),
  contextLater: source.mail(
    'the patch that moves the creation of the context behind the checks of LAUNCH_START',
    'Dionna Glaze',
    '2024-11',
  ),
  vmsaSync: source.mail(
    '20260420153912.681836144@linuxfoundation.org ("[PATCH 7.0 51/76] KVM: SEV: Reject attempts to sync VMSA")',
    'Sean Christopherson',
    '2026-04-20',
  ),
  preFault: source.mail(
    '20240419085927.3648704-2-pbonzini@redhat.com ("[PATCH 1/6] KVM: Document KVM_PRE_FAULT_MEMORY ioctl")',
    'Paolo Bonzini',
    '2024-04-19',
  ),
};

/** AMD's host development tree of 2022; its page state change and AP functions were run. */
export const amd2022: Source = {
  confidence: 'executed',
  document: 'AMD host development tree of 2022 (5.19-rc6 base, branch sev-snp-iommu-avic_5.19-rc6_v4)',
  place: 'arch/x86/kvm/svm/sev.c',
};
