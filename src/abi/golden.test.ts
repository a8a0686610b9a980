/** Words computed from the headers of Linux by a C program, and again independently: what every encoder must produce. */
import { describe, expect, test } from 'vitest';
import { bytesToHex } from '../base/hex';
import { littleEndianBytes } from '../base/bytes';
import { apInfo1 } from './ap-creation';
import { eventInjection, guestRequestInfo2, KVM_INJECT_GP } from './error-words';
import * as msr from './ghcb-msr';
import { validBitmapOf, type GhcbValidField } from './ghcb-page';
import { ioioInfo1 } from './ioio';
import { mapGpaRangeAttributes } from './kvm-run';
import type { WordLayout } from './layout';
import { terminationInfo1 } from './nae';
import { pscCapacity, pscEntry, pscHeader } from './psc';

type Golden = [note: string, layout: WordLayout, values: Record<string, number>, word: bigint];

const NO_GFN = 0xf_ffff_ffff_ffff;

describe('GHCB MSR messages', () => {
  test.each<Golden>([
    ['ask for the protocol range', msr.sevInfoRequest, {}, 0x0000_0000_0000_0002n],
    [
      'KVM default for SNP: versions 1 to 2, C-bit 51',
      msr.sevInfoResponse,
      { maxVersion: 2, minVersion: 1, cBit: 51 },
      0x0002_0001_3300_0001n,
    ],
    [
      'leaf 0x8000001f, want EAX',
      msr.cpuidRequest,
      { function: 0x8000_001f, register: 0 },
      0x8000_001f_0000_0004n,
    ],
    ['leaf 0, want EBX', msr.cpuidRequest, { function: 0, register: 1 }, 0x0000_0000_4000_0004n],
    ["answer EBX = 'Auth'", msr.cpuidResponse, { value: 0x6874_7541, register: 1 }, 0x6874_7541_4000_0005n],
    ['hold released by SIPI', msr.apResetHoldResponse, { result: 1 }, 0x0000_0000_0000_1007n],
    ['no preferred GHCB GPA', msr.preferredGpaResponse, { gfn: NO_GFN }, 0xffff_ffff_ffff_f011n],
    ['register the GHCB at 0x7f1a4000', msr.registerGpaRequest, { gfn: 0x7f1a4 }, 0x0000_0000_7f1a_4012n],
    ['GFN 0x12345 to private', msr.pscRequest, { gfn: 0x12345, operation: 1 }, 0x0010_0000_1234_5014n],
    ['GFN 0x12345 to shared', msr.pscRequest, { gfn: 0x12345, operation: 2 }, 0x0020_0000_1234_5014n],
    ['page state change done', msr.pscResponse, { error: 0 }, 0x0000_0000_0000_0015n],
    ['page state change failed in KVM', msr.pscResponse, { error: 0x8000_0000 }, 0x8000_0000_0000_0015n],
    ['run VMPL 1', msr.runVmplRequest, { vmpl: 1 }, 0x0000_0001_0000_0016n],
    ['features of KVM: SNP and AP creation', msr.featuresResponse, { features: 3 }, 0x0000_0000_0000_3081n],
    [
      'protocol range unsupported',
      msr.terminationRequest,
      { reasonSet: 0, reasonCode: 1 },
      0x0000_0000_0001_0100n,
    ],
    [
      'Linux: page state change failed',
      msr.terminationRequest,
      { reasonSet: 1, reasonCode: 1 },
      0x0000_0000_0001_1100n,
    ],
  ])('%s', (_, layout, values, word) => {
    expect(layout.encode(values)).toBe(word);
    expect(layout.decode(word)).toMatchObject(values);
    expect(msr.ghcbMsrMessage(word)?.layout).toBe(layout);
  });
});

describe('words of NAE events', () => {
  test.each<Golden>([
    [
      '4K private GFN 0x12345',
      pscEntry,
      { curPage: 0, gfn: 0x12345, operation: 1, pageSize: 0 },
      0x0010_0000_1234_5000n,
    ],
    [
      '2M shared GFN 0x40000, half done',
      pscEntry,
      { curPage: 256, gfn: 0x40000, operation: 2, pageSize: 1 },
      0x0120_0000_4000_0100n,
    ],
    ['entries 0 to 2', pscHeader, { curEntry: 0, endEntry: 2 }, 0x0000_0000_0002_0000n],
    [
      'outb to 0x3f8, 16-bit address size',
      ioioInfo1,
      { port: 0x3f8, direction: 0, sizeBytes: 1, addressSize: 1, string: 0, rep: 0, segment: 0 },
      0x0000_0000_03f8_0090n,
    ],
    [
      'rep insw from 0x1f0, 64-bit address size, ES',
      ioioInfo1,
      { port: 0x1f0, direction: 1, sizeBytes: 2, addressSize: 4, string: 1, rep: 1, segment: 0 },
      0x0000_0000_01f0_022dn,
    ],
    ['create APIC id 1 now, VMPL 0', apInfo1, { request: 1, vmpl: 0, apicId: 1 }, 0x0000_0001_0000_0001n],
    [
      '#GP without error code',
      eventInjection,
      { vector: 13, type: 3, errorCodeValid: 0, valid: 1, errorCode: 0 },
      0x0000_0000_8000_030dn,
    ],
    [
      'NAE termination, set 0 code 2',
      terminationInfo1,
      { reasonSet: 0, reasonCode: 2 },
      0x0000_0000_0000_0020n,
    ],
    [
      'certificate buffer too small',
      guestRequestInfo2,
      { vmmError: 1, firmwareError: 0 },
      0x0000_0001_0000_0000n,
    ],
  ])('%s', (_, layout, values, word) => {
    expect(layout.encode(values)).toBe(word);
    expect(layout.decode(word)).toMatchObject(values);
  });

  test("KVM's #GP is the injection word, sign-extended", () => {
    expect(BigInt.asUintN(64, BigInt.asIntN(32, 0x8000_030dn))).toBe(KVM_INJECT_GP);
  });
});

describe('valid bitmap', () => {
  test.each<[string, GhcbValidField[], string, bigint, bigint]>([
    [
      'the least every NAE event needs',
      ['swExitCode', 'swExitInfo1', 'swExitInfo2'],
      '00000000000000000000000000001c00',
      0x0000_0000_0000_0000n,
      0x001c_0000_0000_0000n,
    ],
    [
      'a CPUID request',
      ['swExitCode', 'swExitInfo1', 'swExitInfo2', 'rax', 'rcx', 'xcr0'],
      '00000000000000800000000002001c20',
      0x8000_0000_0000_0000n,
      0x201c_0002_0000_0000n,
    ],
  ])('%s', (_, fields, bytes, lo, hi) => {
    expect(validBitmapOf(fields)).toEqual({ lo, hi });
    expect(bytesToHex(littleEndianBytes((hi << 64n) | lo, 16))).toBe(bytes);
  });
});

describe('page state change buffer', () => {
  test('two adjacent 4K entries and one behind a gap, all to private', () => {
    const entries = [0x0010_0000_0010_0000n, 0x0010_0000_0010_1000n, 0x0010_0000_0010_3000n];
    expect(entries.map((entry) => pscEntry.decode(entry))).toEqual(
      [0x100, 0x101, 0x103].map((gfn) => ({ curPage: 0, gfn, operation: 1, pageSize: 0, reserved: 0 })),
    );
    expect(mapGpaRangeAttributes.encode({ pageSize: 0, encrypted: 1 })).toBe(0x10n);
  });

  test.each([
    [0x800, 253],
    [0x808, 252],
    [0x900, 221],
    [0xfe0, 1],
    [0xfe1, 0],
    [0xfe8, 0],
    [0xfef, 0],
  ])('a buffer at offset %i of the page holds %i entries', (offset, entries) =>
    expect(pscCapacity(offset)).toBe(entries),
  );
});
