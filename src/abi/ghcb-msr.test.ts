import { describe, expect, test } from 'vitest';
import * as msr from './ghcb-msr';

describe('a value of the GHCB MSR', () => {
  test.each([
    [0x0000_0000_1234_5000n, 'GHCB_GPA'],
    [0x0000_0000_0000_0003n, 'AP_JUMP_TABLE'],
    [0x0002_0001_3300_0001n, 'SEV_INFO_RESP'],
    [0x0010_0000_1234_5014n, 'PSC_REQ'],
    [0x0000_0000_0000_0017n, 'VMPL_RESP'],
    [0x0000_0000_0002_1100n, 'TERM_REQ'],
    [0x0000_0000_0000_0f03n, 'HV_DEBUG_PRINT'],
    [0x0000_0000_0000_0099n, undefined],
  ])('%s is %s', (value, name) => expect(msr.ghcbMsrMessage(value)?.name).toBe(name));

  test('of an unnamed code is still decoded', () => {
    expect(msr.explainGhcbMsr(0xabc0_0000_0000_0099n).map(({ name, text }) => [name, text])).toEqual([
      ['info', '0x99'],
      ['data', '0xabc0000000000'],
    ]);
  });

  test('keeps a request whose reserved bits are set', () => {
    const [, , , reserved] = msr.explainGhcbMsr(0x0110_0000_1234_5014n);
    expect(reserved).toMatchObject({ name: 'reserved', value: 1n, problem: 'reserved, must be zero' });
  });

  test('of a termination names the reason', () => {
    expect(msr.explainGhcbMsr(0x2_1100n).map(({ text }) => text)).toEqual([
      '0x100',
      '1 (Linux or OVMF)',
      '2 (Linux: PVALIDATE failed; OVMF reset vector: an answer of the hypervisor that was not expected)',
      '0',
    ]);
  });
});

test('every message is listed once, under the code its layout holds', () => {
  const codes = msr.ghcbMsrMessages.map(({ info }) => info);
  expect(new Set(codes).size).toBe(codes.length);
  for (const { info, layout } of msr.ghcbMsrMessages) {
    expect(layout.fields['info']?.is, layout.title).toBe(BigInt(info));
    expect(msr.ghcbMsrInfo(layout.encode({}))).toBe(info);
  }
});

test.each([
  ['PREF_GPA_REQ', true],
  ['REG_GPA_REQ', true],
  ['PSC_REQ', true],
  ['CPUID_REQ', false],
  ['HV_FT_REQ', false],
])('%s is only for SNP guests: %s', (name, snpOnly) => {
  expect(msr.ghcbMsrMessageNamed(name)?.snpOnly).toBe(snpOnly);
});

test('KVM advertises SNP and AP creation, nothing else', () => {
  expect(msr.hypervisorFeatures.decode(msr.KVM_HV_FEATURES)).toMatchObject({
    snp: 1,
    apCreation: 1,
    multiVmpl: 0,
  });
  expect(msr.featuresResponse.encode({ features: msr.KVM_HV_FEATURES })).toBe(0x3081n);
});

test('every owner of a set has one meaning for a reason; other sets are unassigned', () => {
  const places = msr.terminationReasons.map(({ set, code, by }) => `${by} ${set}:${code}`);
  expect(new Set(places).size).toBe(places.length);
  expect(msr.terminationReason(1, msr.GHCB_TERM_PSC)?.doc).toBe('page state change failed');
  expect(msr.terminationReason(2, 0)).toBeUndefined();
});

test('a level is masked to its field before it is shifted, so VMPL 1 is not lost', () => {
  expect(msr.runVmplRequest.field(0x16, 0x01, 'vmpl')).toBe(1);
  expect(() => msr.runVmplRequest.encode({ vmpl: 256 })).toThrow('vmpl: 0x100 does not fit 8 bits');
});
