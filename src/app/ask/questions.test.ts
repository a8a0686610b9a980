/**
 * Questions as reviewers asked them in the five threads, as kernel selftests name them, and as people with a log ask them. For
 * each the entries that answer it.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { joinedCatalog, parseCatalog } from '../catalog';
import { declaredEntries } from './entries';
import { catalogEntry } from './entry';
import { parseQuery } from './query';
import { askIndex } from './search';
import { valueEntries } from './values';

const listed = (folder: string) =>
  parseCatalog(
    JSON.parse(readFileSync(new URL(`../../../public/${folder}/index.json`, import.meta.url), 'utf8')),
  );
const shipped = joinedCatalog(listed('scenarios'), listed('recordings'), listed('lessons'));
const ask = askIndex([...shipped.map(catalogEntry), ...declaredEntries()]);
const answers = (text: string): readonly string[] =>
  [...valueEntries(text), ...ask.find(parseQuery(text).words, 10)].map(({ id }) => id);

/** A question, and the entries of which any is a right answer. */
const questions: readonly (readonly [string, ...string[]])[] = [
  // AP creation, mp_state, INIT-SIPI
  [
    'what happens if AP_CREATE hits a vCPU that is created-on-init',
    'cell-vcpu/created-on-init/ap-create',
    'scenario-ap-create-on-init-then-create',
  ],
  ['double create', 'facet-ap.doubleCreate', 'invariant-NoDoubleCreate', 'scenario-ap-1-create-twice'],
  [
    'which kernels refuse a create of an already created vcpu',
    'facet-ap.doubleCreate',
    'cell-vcpu/on-guest-vmsa/ap-create',
  ],
  ['AP bring-up', 'scenario-linux-boot', 'scenario-ovmf-boot'],
  [
    'destroy then init sipi',
    'scenario-ap-3-destroy-then-init-sipi',
    'cell-vcpu/destroyed/init',
    'cell-vcpu/destroyed/sipi',
  ],
  ['what does SIPI do to a destroyed vCPU', 'cell-vcpu/destroyed/sipi'],
  ['NMI while halted', 'cell-vcpu/halted/nmi'],
  [
    'create with wrong sev_features',
    'cell-vcpu/*/ap-create-features',
    'scenario-ap-5-wrong-features',
    'facet-ap.features',
  ],
  [
    'can the VMM set RUNNABLE after DESTROY',
    'scenario-ap-4-destroy-then-runnable',
    'scenario-seed-12-destroy-then-runnable',
    'cell-vcpu/destroyed/set-mp-state-runnable',
  ],
  [
    'mp_state STOPPED',
    'scenario-seed-13-mp-state-stopped',
    'facet-run.stoppedWoken',
    'cell-vcpu/*/set-mp-state-stopped',
  ],
  ['unknown AP creation request', 'scenario-ap-7-unknown-request', 'cell-vcpu/*/ap-unknown-request'],
  ['VMSA at a 2M boundary', 'scenario-seed-11-vmsa-alignment', 'cell-vcpu/*/ap-create-2m'],
  [
    'destroy of an ap that was never created',
    'scenario-ap-6-destroy-before-create',
    'cell-vcpu/never-run/ap-destroy',
  ],
  ['failed CREATE_ON_INIT leaves a landmine', 'scenario-ap-9-landmine', 'invariant-NoLandmine'],
  ['pv_unhalted', 'facet-ap.pvUnhalted', 'invariant-SymmetricUnhalt'],
  ['does DESTROY need RAX', 'facet-ap.destroyNeedsRax'],
  ['ap reset hold answered by init', 'scenario-seed-18-hold-then-init-sipi', 'cell-vcpu/ap-reset-hold/init'],
  ['SIPI without INIT', 'scenario-seed-14-create-on-init-sipi'],
  ['DEBUG_SWAP', 'scenario-ap-5b-debug-swap', 'field-sev-features-debugSwap'],
  ['run on an invalid VMSA', 'facet-vmrun.guard', 'invariant-NoRunWithoutVmsa'],
  [
    'create for an uninitialized vcpu',
    'scenario-conformance-ap-uninitialized',
    'facet-ap.wakesUninitialized',
    'cell-vcpu/never-run/ap-create',
  ],
  ['what happens when the page of a VMSA is punched', 'cell-vcpu/*/punch-vmsa', 'cell-page/vmsa/punch-hole'],
  // LAUNCH_FINISH
  [
    'what if LAUNCH_FINISH fails',
    'scenario-launch-finish-fails',
    'facet-lf.failure',
    'cell-launch/updated/launch-finish-fails',
  ],
  ['launch finish again after it failed', 'scenario-lf-2-finish-again', 'scenario-launch-finish-fails'],
  ['bad signature', 'scenario-seed-01-finish-bad-signature', 'constant-firmware-BAD_SIGNATURE'],
  [
    'vcpu created after LAUNCH_FINISH',
    'scenario-lf-5-vcpu-born-after-finish',
    'cell-launch/finished/create-vcpu',
  ],
  ['how is the VMSA page freed', 'scenario-lf-4-vcpu-free', 'facet-free.vmsa'],
  ['does LAUNCH_FINISH lock the vCPUs', 'facet-lf.locksVcpus'],
  ['KVM_RUN before LAUNCH_FINISH', 'facet-run.beforeFinish', 'cell-launch/updated/kvm-run'],
  ['firmware refuses a VMSA', 'scenario-lf-3-vmsa-encryption-fails'],
  // LAUNCH_UPDATE, guest_memfd
  [
    'LAUNCH_UPDATE after LAUNCH_FINISH',
    'scenario-lu-6-update-after-finish',
    'scenario-seed-04-update-after-finish',
    'facet-lu.afterFinish',
    'cell-launch/finished/launch-update',
  ],
  [
    'launch update of a shared page',
    'facet-lu.privateAttribute',
    'scenario-lu-4-attribute-left-shared',
    'scenario-seed-05-update-not-private',
    'cell-page/hypervisor-shared/launch-update',
  ],
  ['same page twice', 'scenario-lu-3-same-page-twice', 'cell-launch/updated/launch-update-again'],
  ['uaddr alignment', 'facet-lu.uaddrAlignment'],
  ['uaddr or gfn', 'facet-lu.source', 'scenario-lu-1-source-outside-slots', 'facet-lu.struct'],
  [
    'CPUID page rejected',
    'scenario-lu-5-cpuid-page',
    'scenario-seed-03-cpuid-wrong-leaf',
    'facet-lu.cpuidCorrection',
  ],
  [
    'firmware rejects the second page',
    'scenario-lu-2-second-page-rejected',
    'scenario-launch-update-partial',
  ],
  ['LAUNCH_UPDATE with length 0', 'facet-lu.lenZero'],
  [
    'what if PAGE_RECLAIM fails',
    'facet-lu.reclaimFailure',
    'cell-page/*/launch-update-unreclaimed',
    'cell-page/pre-guest/launch-update-unreclaimed',
    'cell-page/hypervisor-private/launch-update-unreclaimed',
  ],
  ['guest_memfd with mmap', 'facet-gmem.mmapFlag', 'field-create-guest-memfd-flags'],
  ['pre fault before finish', 'facet-preFault.beforeFinish', 'cell-launch/updated/pre-fault'],
  ['second LAUNCH_START', 'facet-ls.twice', 'cell-launch/started/launch-start'],
  ['init2 twice', 'facet-init2.twice', 'cell-launch/initialised/init2'],
  // Page state changes
  ['psc by msr', 'facet-psc.msr', 'scenario-ps-1-msr-shared', 'cell-psc/msr/*', 'cell-psc/msr/shared'],
  ['unsmash', 'scenario-ps-8-unsmash', 'cell-psc/*/unsmash'],
  [
    'batch that ends with PSMASH',
    'scenario-ps-4-smash-in-a-batch',
    'scenario-seed-09-psc-psmash-only',
    'facet-psc.smashTail',
  ],
  ['how many entries fit in a batch', 'scenario-seed-08-psc-limits', 'facet-psc.indexLimit'],
  ['who walks the entries of a batch', 'facet-psc.batch'],
  ['userspace answers EPERM', 'scenario-seed-10-ret-eperm', 'scenario-vmm-negative-errno'],
  ['a VMM that never writes ret', 'scenario-ps-6-lazy-vmm', 'facet-psc.retInit'],
  [
    'cur_entry above end_entry',
    'cell-psc/cur-after-end/private',
    'cell-psc/cur-after-end/shared',
    'facet-psc.headerCheck',
    'cell-psc/cur-after-end/*',
  ],
  [
    'private access to shared memory',
    'scenario-seed-16-private-access-to-shared',
    'cell-page/hypervisor-shared/read-private',
    'facet-fault.mismatch',
  ],
  ['does pvalidate of a shared page fault', 'cell-page/hypervisor-shared/pvalidate'],
  // Termination
  [
    'guest asks for its end by MSR',
    'scenario-tm-1-termination-by-msr',
    'scenario-term-msr-and-nae',
    'facet-term.msr',
  ],
  [
    'termination through the GHCB page',
    'scenario-tm-4-termination-by-ghcb-page',
    'facet-term.nae',
    'scenario-term-msr-and-nae',
  ],
  ['ndata', 'scenario-tm-3-ndata-obeyed', 'scenario-tm-3b-ndata-covers-garbage', 'invariant-NdataCoversData'],
  ['bit 31 of the event type', 'scenario-tm-2b-bit-31-of-v4.1', 'scenario-tm-2-type-compared-for-equality'],
  // With a value from a log
  ['ghcb 0x7ff014', 'value-ghcb-msr', 'value-msr-psc-req'],
  ['0x80000013', 'value-nae-code'],
  ['what is exit code 0x80000010', 'value-nae-code'],
  ['INVALID_PAGE_STATE', 'constant-firmware-INVALID_PAGE_STATE'],
  ['EINVAL', 'constant-errno-EINVAL'],
  ['-22', 'constant-errno-EINVAL'],
];

/** Questions in other words than those above, by someone who had not seen the rules. */
const inOtherWords: readonly (readonly [string, ...string[]])[] = [
  ['What happens if AP_CREATE hits a vCPU that is created-on-init', 'cell-vcpu/created-on-init/ap-create'],
  ['what if AP_CREATE hits a vCPU that is created-on-init?', 'cell-vcpu/created-on-init/ap-create'],
  [
    'what if a guest creates a vCPU that is already waiting to be created',
    'cell-vcpu/created-on-init/ap-create',
  ],
  ['ap create on a running vcpu', 'cell-vcpu/on-guest-vmsa/ap-create', 'cell-vcpu/on-launch-vmsa/ap-create'],
  ['guest destroys a halted AP, what happens', 'cell-vcpu/halted/ap-destroy'],
  ['what does KVM do with an NMI for a parked AP', 'cell-vcpu/ap-reset-hold/nmi'],
  ['INIT arrives while a DESTROY is still pending', 'cell-vcpu/destroy-pending/init'],
  ['is pvalidate of a firmware page allowed', 'cell-page/firmware/pvalidate'],
  ['host writes to a guest-valid page', 'cell-page/guest-valid/host-write'],
  [
    'which kernels kill the VM when LAUNCH_FINISH fails',
    'facet-lf.failure',
    'scenario-lf-1-finish-fails',
    'scenario-lf-1b-finish-fails-unwind-or-kill',
  ],
  ['can I call LAUNCH_UPDATE twice on the same gfn', 'cell-launch/updated/launch-update-again'],
  ['what if the guest rewrites the PSC buffer while KVM walks it', 'scenario-explore-psc'],
  ['psc entry with operation 5', 'cell-psc/*/five'],
  ['how does a 2M psc entry with cur_page 500 resume', 'cell-psc/large-partial/*', 'facet-psc.partialEntry'],
  ['does the vmm have to zero ret', 'facet-psc.retInit', 'scenario-ps-6-lazy-vmm'],
  ['SNP termination reason code in kvm_run', 'field-*-reasonCode', 'facet-term.msr'],
  ['what happens to pv_unhalted on INIT', 'facet-ap.pvUnhalted', 'facet-mp.runnableClearsUnhalted'],
  [
    'reset an AP: who answers the hold',
    'scenario-seed-18-hold-then-init-sipi',
    'layout-msr-ap-reset-hold-resp',
  ],
  ['who reclaims a page the firmware refused', 'facet-lu.reclaim', 'scenario-lu-2-second-page-rejected'],
  ['guest touches private memory without telling the host', 'scenario-seed-16-private-access-to-shared'],
  [
    'create a vcpu while launch finish is running',
    'facet-lf.vcpuCreation',
    'scenario-lf-5b-vcpu-half-created',
  ],
  ['two vcpus with one VMSA', 'scenario-ap-10-vmsa-in-use'],
  [
    'can a VMM resurrect a destroyed vCPU',
    'facet-ap.destroySticky',
    'scenario-ap-4-destroy-then-runnable',
    'scenario-seed-12-destroy-then-runnable',
  ],
  ['what is fw_error 0x0b', 'value-firmware-status'],
];

/** `*` stands for any state of a chart. */
const meant = (id: string): RegExp =>
  new RegExp(`^${id.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replace('*', '[a-z0-9-]+')}$`);

interface Place {
  readonly text: string;
  /** Where the first right answer stands. */
  readonly place: number;
}
const placesOf = (asked: readonly (readonly [string, ...string[]])[]): readonly Place[] =>
  asked.map(([text, ...right]) => ({
    text,
    place: answers(text).findIndex((id) => right.some((one) => meant(one).test(id))),
  }));
const places = placesOf(questions);
const otherPlaces = placesOf(inOtherWords);
/** The questions whose answer is not the first, each with what stands before it. */
const missedOf = (all: readonly Place[]): readonly string[] =>
  all
    .filter(({ place }) => place !== 0)
    .map(
      ({ text, place }) =>
        `\n  ${text}: ${answers(text)
          .slice(0, place < 0 ? 3 : place)
          .join(', ')}`,
    );

describe('the answer is among the first three', () => {
  test.each([...places, ...otherPlaces])('$text', ({ text, place }) => {
    const found = answers(text).slice(0, 4).join(', ');
    expect(place, found).toBeGreaterThanOrEqual(0);
    expect(place, found).toBeLessThan(3);
  });
});

test('the answer is the first for at least 50 of 60', () => {
  const missed = missedOf(places);
  expect(questions.length).toBeGreaterThanOrEqual(60);
  expect(missed.length, missed.join('; ')).toBeLessThanOrEqual(Math.floor(questions.length / 6));
});

test('in other words the answer is the first for at least five of six', () => {
  const missed = missedOf(otherPlaces);
  expect(missed.length, missed.join('; ')).toBeLessThanOrEqual(Math.floor(inOtherWords.length / 6));
});

test('of a question what if the cell is the first, and not the scenario of the same name', () => {
  const cell = 'cell-vcpu/created-on-init/ap-create';
  for (const start of ['what if', 'What happens if', 'what would happen if'])
    expect(answers(`${start} AP_CREATE hits a vCPU that is created-on-init`)[0]).toBe(cell);
});

test('words that nothing is called change nothing', () => {
  expect(answers('zzyzx double create')[0]).toBe(answers('double create')[0]);
});

test.each([
  ['linux boots', 'scenario-linux-boot'],
  ['Linux boots with four vCPUs', 'scenario-linux-boot'],
  ['a boot: linux', 'recording-linux-boots'],
  ['create twice under 7.2', 'recording-create-twice-new'],
])('the words with which a title begins find what has that title: %s', (text, id) => {
  expect(answers(text)[0]).toBe(id);
});
