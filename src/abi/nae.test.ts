import { describe, expect, test } from 'vitest';
import { apInfo1 } from './ap-creation';
import { ioioInfo1 } from './ioio';
import * as nae from './nae';

const always = ['swExitCode', 'swExitInfo1', 'swExitInfo2'];

describe('fields a request needs', () => {
  test.each<[string, number, bigint, bigint, string[]]>([
    ['CPUID leaf 1', nae.SVM_EXIT_CPUID, 0n, 1n, ['rax', 'rcx']],
    ['CPUID leaf 0xd', nae.SVM_EXIT_CPUID, 0n, 0xdn, ['rax', 'rcx', 'xcr0']],
    ['RDMSR', nae.SVM_EXIT_MSR, 0n, 0n, ['rcx']],
    ['WRMSR', nae.SVM_EXIT_MSR, 1n, 0n, ['rcx', 'rax', 'rdx']],
    ['WRMSR by another value', nae.SVM_EXIT_MSR, 2n, 0n, ['rcx', 'rax', 'rdx']],
    ['IN', nae.SVM_EXIT_IOIO, ioioInfo1.encode({ direction: 1, sizeBytes: 1 }), 0n, []],
    ['OUT', nae.SVM_EXIT_IOIO, ioioInfo1.encode({ sizeBytes: 1 }), 0n, ['rax']],
    ['INS', nae.SVM_EXIT_IOIO, ioioInfo1.encode({ direction: 1, string: 1 }), 0n, ['swScratch']],
    ['OUTS', nae.SVM_EXIT_IOIO, ioioInfo1.encode({ string: 1 }), 0n, ['swScratch']],
    ['VMMCALL', nae.SVM_EXIT_VMMCALL, 0n, 0n, ['rax', 'cpl']],
    ['MMIO read', nae.SVM_VMGEXIT_MMIO_READ, 0n, 0n, ['swScratch']],
    ['page state change', nae.SVM_VMGEXIT_PSC, 0n, 0n, ['swScratch']],
    ['AP create', nae.SVM_VMGEXIT_AP_CREATION, apInfo1.encode({ request: 1, apicId: 3 }), 0n, ['rax']],
    ['AP destroy', nae.SVM_VMGEXIT_AP_CREATION, apInfo1.encode({ request: 2, apicId: 3 }), 0n, []],
    [
      'AP destroy at VMPL 1',
      nae.SVM_VMGEXIT_AP_CREATION,
      apInfo1.encode({ request: 2, vmpl: 1 }),
      0n,
      ['rax'],
    ],
    ['hypervisor features', nae.SVM_VMGEXIT_HV_FEATURES, 0n, 0n, []],
    ['an event KVM does not know', 0x8000_001a, 0n, 0n, []],
    ['an unnamed code', 0x1234, 0n, 0n, []],
  ])('%s', (_, code, info1, rax, fields) => {
    expect(nae.requiredFields(code, { info1, rax })).toEqual([...always, ...fields]);
  });
});

test('every event is listed once, in the order of its code', () => {
  const codes = nae.naeEvents.map(({ code }) => code);
  expect(codes).toEqual([...new Set(codes)].sort((a, b) => a - b));
});

test.each([
  [0x72n, 'SVM_EXIT_CPUID', 1, false],
  [0x8000_0005n, 'SVM_VMGEXIT_AP_JUMP_TABLE', 1, false],
  [0x8000_0010n, 'SVM_VMGEXIT_PSC', 2, true],
  [0x8000_0013n, 'SVM_VMGEXIT_AP_CREATION', 2, true],
  [0x8000_fffdn, 'SVM_VMGEXIT_HV_FEATURES', 2, false],
  [0x8000_fffen, 'SVM_VMGEXIT_TERM_REQUEST', 2, false],
  [0x8000_ffffn, 'SVM_VMGEXIT_UNSUPPORTED_EVENT', 1, false],
])('%s is %s, since version %s, for SNP only: %s', (code, name, since, snpOnly) => {
  expect(nae.naeEvent(code)).toMatchObject({ name, since, snpOnly });
});

test('a code whose upper half is not zero is another code', () => {
  expect(nae.naeEvent(0x1_0000_0072n)).toBeUndefined();
  expect(nae.naeEvent(0xffff_ffff_8000_0010n)).toBeUndefined();
});

test('what mainline KVM does not know it refuses as an invalid event', () => {
  const refused = nae.naeEvents
    .filter(({ kvm }) => kvm === 'refuses as an invalid event')
    .map(({ code }) => code);
  expect(refused.map((code) => code - 0x8000_0000)).toEqual([
    0x14, 0x15, 0x16, 0x17, 0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x1d, 0x20, 0x21,
  ]);
});

test('the same termination reason is spelled differently in the two protocols', () => {
  expect(nae.terminationInfo1.encode({ reasonSet: 1, reasonCode: 2 })).toBe(0x21n);
});

test('guesses carry their mark, and what was run carries its own', () => {
  expect(nae.naeEvent(nae.SVM_VMGEXIT_PSC)).toMatchObject({
    source: { confidence: 'read' },
    kvmSource: { confidence: 'executed' },
  });
  for (const code of [0x8000_0016, 0x8000_0019])
    expect(nae.naeEvent(code)?.source.confidence).toBe('unconfirmed');
});
