/** Every term of the page in one sentence, with the source where it is not a word of this page. */
import { source, type Source } from '../../abi/source';
import { overlay, overlayIds } from '../../profiles/overlays';
import { profileIds, profileTexts } from '../../profiles/profiles';
import type { TermId } from './terms';

export interface GlossaryEntry {
  /** As the page writes it. */
  readonly name: string;
  readonly says: string;
  /** Missing for a word that this page gives its meaning. */
  readonly source?: Source;
}

const terms: Readonly<Record<TermId, GlossaryEntry>> = {
  act: {
    name: 'act',
    says: 'One input of a run: a guest instruction, a call of the VMM, a thread that goes on, or a fault.',
  },
  'as-reviewed': {
    name: 'as-reviewed',
    says: 'Not a kernel: what the reviewers of 2021 to 2024 asked for, as one set of behaviours. Nobody ever ran it.',
  },
  branch: {
    name: 'branch',
    says: 'Another way on from a step: the scenario up to there, then a different act.',
  },
  'created-on-init': {
    name: 'created-on-init',
    says: 'A vCPU whose VMSA waits since CREATE_ON_INIT: the next INIT makes it the one that runs.',
    source: source.kernel('7.2.13', 'arch/x86/kvm/svm/sev.c', 'sev_snp_ap_creation'),
  },
  exit: {
    name: 'exit to userspace',
    says: 'A return of KVM_RUN to the VMM with a reason and its data in kvm_run; the VMM answers in the same bytes.',
    source: source.uapi('linux/kvm.h', 'KVM_EXIT numbers'),
  },
  facet: {
    name: 'facet',
    says: 'One disputed behaviour of KVM: a closed set of values, and which kernel generation has which, with a source.',
  },
  finding: {
    name: 'finding',
    says: 'Something worth a look at a step: runs that differ, a broken invariant, a behaviour that no source decides.',
  },
  ghcb: {
    name: 'GHCB',
    says: 'The page that guest and hypervisor share to exchange a request and its answer.',
    source: source.ghcb('GHCB page; offsets checked by compiling Linux arch/x86/include/asm/svm.h'),
  },
  'guest-memfd': {
    name: 'guest_memfd',
    says: 'Memory of a guest that is not mapped into the VMM; KVM takes private pages from it.',
    source: source.kernel('7.2.13', 'virt/kvm/guest_memfd.c', 'KVM_CREATE_GUEST_MEMFD'),
  },
  kvm: {
    name: 'KVM',
    says: 'The hypervisor in the host kernel: it enters the guest, answers its requests, and returns to the VMM what it does not answer.',
    source: source.uapi('linux/kvm.h', 'KVM_RUN'),
  },
  ladder: {
    name: 'ladder',
    says: 'The steps of a run from top to bottom: v0 and on are vCPUs of the guest, left of the double rule, the RMP; right of it stand K, the KVM of the host, M, its VMM, and P, the PSP with the firmware.',
  },
  'launch-standard': {
    name: 'launch standard',
    says: 'One line of a scenario for the usual launch: the VM, its memory, the measured pages, the vCPUs, LAUNCH_FINISH.',
  },
  'mp-state': {
    name: 'mp_state',
    says: 'What KVM says a vCPU is doing: runnable, halted, waiting for INIT or SIPI, in an AP reset hold.',
    source: source.uapi('linux/kvm.h', 'KVM_MP_STATE'),
  },
  nae: {
    name: 'NAE event',
    says: 'A request that the guest makes through the GHCB page by its exit code, such as AP_CREATION.',
    source: source.ghcb('non-automatic exits'),
  },
  'part2-v4': {
    name: 'part2-v4',
    says: profileTexts['part2-v4'].description,
    source: source.mail(
      '20210707183616.5620-1-brijesh.singh@amd.com (the series "[PATCH Part2 RFC v4 nn/40]")',
      'Brijesh Singh',
      '2021-07-07',
    ),
  },
  'private-attribute': {
    name: 'private attribute',
    says: 'What the VMM has told KVM about a frame with KVM_SET_MEMORY_ATTRIBUTES: private memory or shared memory.',
    source: source.kernel('7.2.13', 'virt/kvm/kvm_main.c', 'KVM_SET_MEMORY_ATTRIBUTES'),
  },
  profile: {
    name: 'profile',
    says: 'A documented set of kernel behaviours that a scenario runs under: a value for every facet.',
  },
  psc: {
    name: 'PSC',
    says: 'Page state change: the guest asks that pages become private or shared, one by the MSR or many by a buffer.',
    source: source.ghcb('page state change structure'),
  },
  psp: {
    name: 'PSP',
    says: 'The processor that runs the SEV firmware; KVM sends it the commands of the launch.',
    source: source.kernel('7.2.13', 'drivers/crypto/ccp/sev-dev.c', 'SEV firmware commands'),
  },
  rmp: {
    name: 'RMP',
    says: 'The table with one entry for each page of the host: to which guest it belongs, whether that guest has validated it.',
    source: source.firmware('fw/psp_bl_uapps/sev_uapp/src/sev_rmp.h', 'RMP entry and page states'),
  },
  seam: {
    name: 'seam',
    says: 'A page about which guest, RMP and KVM do not agree: one of the three bands differs from what the others say.',
  },
  step: {
    name: 'step',
    says: 'One visible move of a run, with everything that was written since the move before it.',
  },
  vcpu: {
    name: 'vCPU',
    says: 'A virtual processor of the guest. Below its name stands the mp_state that KVM has for it; HOLD is AP_RESET_HOLD, UNI is UNINITIALIZED, RUN is RUNNABLE, ×2 means that the runs are in two different ones.',
    source: source.uapi('linux/kvm.h', 'KVM_MP_STATE'),
  },
  vmgexit: {
    name: 'VMGEXIT',
    says: 'The instruction with which a guest leaves to the hypervisor on its own account, to make a request.',
    source: source.ghcb('VMGEXIT'),
  },
  vmm: {
    name: 'VMM',
    says: 'The program of the host that owns the guest, such as QEMU: it calls KVM_RUN and answers the exits to userspace.',
    source: source.uapi('linux/kvm.h', 'KVM_RUN'),
  },
  vmpl: {
    name: 'VMPL',
    says: 'Privilege level inside a guest; what each level may do with a page is set by RMPADJUST.',
    source: source.svsm('kernel/src/sev/utils.rs', 'RMPADJUST flags'),
  },
  vmsa: {
    name: 'VMSA',
    says: 'The encrypted page with the registers of a vCPU from which it is entered.',
    source: source.svsm('cpuarch/src/vmsa.rs', 'VMSA layout'),
  },
};

/** Every term, every generation and every posting, in alphabetical order. */
export const glossary: readonly (GlossaryEntry & { readonly id: string })[] = [
  ...Object.entries(terms).map(([id, entry]) => ({ id, ...entry })),
  ...profileIds
    .filter((id) => !Object.hasOwn(terms, id))
    .map((id) => ({ id, name: id, says: `${profileTexts[id].title}: ${profileTexts[id].description}` })),
  ...overlayIds.map((id) => ({ id, name: id, says: `${overlay(id).title}: ${overlay(id).description}` })),
].sort((a, b) => a.name.localeCompare(b.name, 'en', { sensitivity: 'base' }));

const byId = new Map<string, GlossaryEntry>(glossary.map((entry) => [entry.id, entry]));

/** A term, or a kernel generation; undefined for what the glossary does not have. */
export const termOf = (id: string): GlossaryEntry | undefined => byId.get(id);
