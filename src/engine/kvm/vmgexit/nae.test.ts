/** NAE events as a guest meets them: event, input, answer. */
import { expect, test } from 'vitest';
import { KVM_INJECT_GP } from '../../../abi/error-words';
import { kvmRun, kvmRunInternal, KVM_EXIT_INTERNAL_ERROR } from '../../../abi/kvm-run';
import * as nae from '../../../abi/nae';
import type { ProfileId } from '../../../profiles/profiles';
import type { GuestAct } from '../../acts';
import type { Image } from '../../memory/image';
import { Run } from '../../../testing/engine/test-run';

type NaeArguments = Extract<GuestAct, { verb: 'nae' }>['args'];
const answerOf = ({ world }: Run): [bigint, bigint] => {
  const { guestReadInfo1, guestReadInfo2 } = world.vcpu(0);
  return [guestReadInfo1, guestReadInfo2];
};
const ask = (args: NaeArguments, profile?: ProfileId): Run => new Run(profile).running().guest('nae', args);
const code = BigInt;

test.each<[string, NaeArguments, bigint, bigint]>([
  ['a code KVM does not know', { code: 0x1234n }, 2n, 6n],
  ['a code above 32 bits', { code: 0x1_0000_0072n, rax: 0n, rcx: 0n }, 2n, 6n],
  ['run VMPL', { code: 0x8000_0018n }, 2n, 6n],
  ['Secure AVIC', { code: 0x8000_001an, rax: 0n, rbx: 0n }, 2n, 6n],
  ['a page of another usage', { code: 0x72n, rax: 0n, rcx: 0n, usage: 1 }, 2n, 2n],
  ['an exit code that is not marked valid', { code: 0x76n, omit: 1n }, 2n, 4n],
  ['info1 that is not marked valid', { code: 0x76n, omit: 2n }, 2n, 4n],
  ['info2 that is not marked valid', { code: 0x76n, omit: 4n }, 2n, 4n],
  ['DR7 write without RAX', { code: code(nae.SVM_EXIT_WRITE_DR7) }, 2n, 4n],
  ['RDPMC without RCX', { code: code(nae.SVM_EXIT_RDPMC) }, 2n, 4n],
  ['CPUID without RCX', { code: code(nae.SVM_EXIT_CPUID), rax: 1n }, 2n, 4n],
  ['CPUID leaf 0xd without XCR0', { code: code(nae.SVM_EXIT_CPUID), rax: 0xdn, rcx: 0n }, 2n, 4n],
  ['CPUID leaf 0xd', { code: code(nae.SVM_EXIT_CPUID), rax: 0xdn, rcx: 0n, xcr0: 7n }, 0n, 0n],
  ['WRMSR without RDX', { code: code(nae.SVM_EXIT_MSR), info1: 1n, rcx: 0n, rax: 0n }, 2n, 4n],
  [
    'RDMSR of an x2APIC register in xAPIC mode',
    { code: code(nae.SVM_EXIT_MSR), rcx: 0x830n },
    1n,
    KVM_INJECT_GP,
  ],
  ['VMMCALL without CPL', { code: code(nae.SVM_EXIT_VMMCALL), rax: 1n }, 2n, 4n],
  ['MONITOR without RDX', { code: code(nae.SVM_EXIT_MONITOR), rax: 0n, rcx: 0n }, 2n, 4n],
  ['MWAIT without RCX', { code: code(nae.SVM_EXIT_MWAIT), rax: 0n }, 2n, 4n],
  ['MMIO without scratch area', { code: code(nae.SVM_VMGEXIT_MMIO_READ), info2: 4n }, 2n, 4n],
  ['MMIO of no bytes', { code: code(nae.SVM_VMGEXIT_MMIO_READ), scratch: 1n }, 0n, 0n],
  ['MMIO of nine bytes', { code: code(nae.SVM_VMGEXIT_MMIO_READ), info2: 9n, scratch: 1n }, 2n, 5n],
  ['a scratch area at 0', { code: code(nae.SVM_VMGEXIT_MMIO_READ), info2: 4n, scratch: 0n }, 2n, 3n],
  ['one in another page', { code: code(nae.SVM_VMGEXIT_MMIO_READ), info2: 4n, scratch: 0x5000n }, 2n, 3n],
  ['port I/O of no bytes', { code: code(nae.SVM_EXIT_IOIO), info1: 1n }, 0n, 0n],
  ['hypervisor features', { code: code(nae.SVM_VMGEXIT_HV_FEATURES) }, 0n, 3n],
  ['AP jump table with selector 2', { code: code(nae.SVM_VMGEXIT_AP_JUMP_TABLE), info1: 2n }, 2n, 5n],
])('%s is answered', (_, args, info1, info2) => {
  expect(answerOf(ask(args))).toEqual([info1, info2]);
});

test.each<[ProfileId, bigint]>([
  ['linux-7.2', 6n],
  ['linux-6.17', 4n],
  ['linux-6.12', 4n],
])('%s refuses an SNP-only event of an SEV-ES guest with malformed input %d', (profile, reason) => {
  const run = new Run(profile).running();
  run.world.vm.type = 'seves';
  expect(answerOf(run.guest('nae', { code: code(nae.SVM_VMGEXIT_GUEST_REQUEST) }))).toEqual([2n, reason]);
});

test.each(['dr7-read', 'dr7-write', 'invd', 'wbinvd', 'monitor', 'mwait'] as const)(
  '%s succeeds and changes no register',
  (what) => {
    const run = new Run().running().guest('instruction', { what, rax: 5n, rcx: 6n, rdx: 7n });
    expect(answerOf(run)).toEqual([0n, 0n]);
    expect(run.steps.slice(-3, -1)).toEqual([
      expect.stringMatching(/^ordinary handler of /),
      expect.stringMatching(/answered 0x0\/0x0$/),
    ]);
  },
);

test.each([
  ['rdtscp', '#UD at the next entry'],
  ['rdpmc', '#GP at the next entry'],
] as const)('%s is answered, and the guest gets %s', (what, move) => {
  const run = new Run().running().guest('instruction', { what });
  expect(run.steps).toContain(move);
  expect(run.world.vcpu(0).run).toBe('inGuest');
});

test('RDTSC passes the checks, but no intercept handler takes it: KVM_EXIT_INTERNAL_ERROR', () => {
  const { world } = new Run().running().guest('instruction', { what: 'rdtsc' });
  const run = world.kvmRun[0] as Image;
  expect(kvmRun.get(run, 'exitReason')).toBe(KVM_EXIT_INTERNAL_ERROR);
  expect([kvmRunInternal.get(run, 'suberror'), kvmRunInternal.get(run, 'ndata')]).toEqual([4, 2]);
  expect(kvmRunInternal.item(run, 'data', 0)).toBe(0x6en);
});

test('CPUID comes from the table, sub-leaf and all', () => {
  const run = new Run().running();
  const [row] = run.world.cpuid;
  Object.assign(row ?? {}, { used: true, leaf: 4, subleaf: 1, eax: 1, ebx: 2, ecx: 3, edx: 4 });
  run.guest('cpuid', { form: 'nae', fn: 4n, subfn: 1n });
  const { rax, rbx, rcx, rdx } = run.world.vcpu(0);
  expect([rax, rbx, rcx, rdx]).toEqual([1n, 2n, 3n, 4n]);
});

test('after reset XCR0 is 1, and CPUID leaf 0xd sends it', () => {
  const run = new Run().running();
  expect(run.world.vcpu(0).xcr0).toBe(1n);
  run.guest('cpuid', { form: 'nae', fn: 0xdn });
  expect(run.steps).toContain('XCR0 = 0x1');
});

test('an MSR keeps what the guest writes, 32 bits from each register', () => {
  const run = new Run().running();
  Object.assign(run.world.msrs[0] ?? {}, { used: true, number: 0x277 });
  run.guest('wrmsr', { index: 0x277n, value: 0x1234_5678_9abc_def0n }).guest('rdmsr', { index: 0x277n });
  expect([run.world.vcpu(0).rax, run.world.vcpu(0).rdx]).toEqual([0x9abc_def0n, 0x1234_5678n]);
});

test.each<[ProfileId, string[]]>([
  ['linux-7.2', ['XCR0 = 0x7', 'XSS = 0x800']],
  ['linux-6.17', ['XCR0 = 0x7']],
])('%s takes %s, although the event is then refused', (profile, taken) => {
  const run = ask({ code: 0x1234n, xcr0: 7n, xss: 0x800n }, profile);
  expect(run.steps.filter((step) => /^X(CR0|SS) = /.test(step))).toEqual(taken);
  expect(answerOf(run)).toEqual([2n, 6n]);
});

test('the AP jump table is one address for the VM', () => {
  const run = new Run().running().guest('jump-table', { op: 'set', gpa: 0xabc001n });
  expect(answerOf(run)).toEqual([0n, 0n]);
  expect(answerOf(run.guest('jump-table', { op: 'get' }))).toEqual([0n, 0xabc001n]);
});

test('NMI complete unblocks NMIs', () => {
  const run = new Run().running();
  run.world.vcpu(0).nmiBlocked = true;
  run.guest('nmi-complete', {});
  expect(run.world.vcpu(0).nmiBlocked).toBe(false);
});

test.each<[ProfileId, 'msr' | 'nae', string]>([
  ['linux-7.2', 'msr', 'SYSTEM_EVENT type 6 data[0]=0x2100'],
  ['linux-7.2', 'nae', 'SYSTEM_EVENT type 6 data[0]=0x3ff000'],
  ['as-reviewed', 'msr', 'SYSTEM_EVENT type 2147483652 data[0]=0x2100'],
  ['part2-v5', 'msr', 'KVM_RUN v0 = -EINVAL, exit KVM_EXIT_UNKNOWN'],
  ['part2-v5', 'nae', 'KVM_RUN v0 = -EINVAL, exit KVM_EXIT_INTERNAL_ERROR'],
])('%s, termination by %s: %s', (profile, form, says) => {
  const run = new Run(profile).running().guest('hv-features', { form: 'nae' });
  expect(run.guest('terminate', { form, set: 2, code: 0 }).steps.at(-1)).toBe(says);
});
