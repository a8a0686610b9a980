import { describe, expect, test } from 'vitest';
import * as kvm from './kvm-structs';
import type { StructLayout } from './layout';

describe('offsets of the structures a VMM passes', () => {
  test.each<[StructLayout, number, Record<string, number>]>([
    [kvm.kvmSevCmd, 24, { id: 0, data: 8, error: 16, sevFd: 20 }],
    [kvm.kvmSevInit, 48, { vmsaFeatures: 0, flags: 8, ghcbVersion: 12, pad1: 14, pad2: 16 }],
    [kvm.launchStart, 64, { policy: 0, gosvw: 8, flags: 24, pad0: 26, pad1: 32 }],
    [kvm.launchUpdate, 64, { gfnStart: 0, uaddr: 8, len: 16, type: 24, flags: 26, pad1: 28, pad2: 32 }],
    [
      kvm.launchFinish,
      88,
      {
        idBlockUaddr: 0,
        idAuthUaddr: 8,
        idBlockEn: 16,
        authKeyEn: 17,
        vcekDisabled: 18,
        hostData: 19,
        pad0: 51,
        flags: 54,
        pad1: 56,
      },
    ],
    [kvm.kvmMemoryAttributes, 32, { address: 0, size: 8, attributes: 16, flags: 24 }],
    [
      kvm.kvmUserspaceMemoryRegion2,
      160,
      {
        slot: 0,
        flags: 4,
        guestPhysAddr: 8,
        memorySize: 16,
        userspaceAddr: 24,
        guestMemfdOffset: 32,
        guestMemfd: 40,
      },
    ],
    [kvm.kvmCreateGuestMemfd, 64, { size: 0, flags: 8, reserved: 16 }],
    [kvm.kvmPreFaultMemory, 64, { gpa: 0, size: 8, flags: 16, padding: 24 }],
  ])('$title', (layout, size, offsets) => {
    expect(layout.size).toBe(size);
    for (const [name, offset] of Object.entries(offsets)) expect(layout.offsetOf(name)).toBe(offset);
  });
});

test('the size inside an ioctl number is the size of its structure', () => {
  const sizeOf = (ioctl: number) => (ioctl >>> 16) & 0x3fff;
  expect(sizeOf(kvm.kvmIoctls.KVM_SET_MEMORY_ATTRIBUTES)).toBe(kvm.kvmMemoryAttributes.size);
  expect(sizeOf(kvm.kvmIoctls.KVM_SET_USER_MEMORY_REGION2)).toBe(kvm.kvmUserspaceMemoryRegion2.size);
  expect(sizeOf(kvm.kvmIoctls.KVM_CREATE_GUEST_MEMFD)).toBe(kvm.kvmCreateGuestMemfd.size);
  expect(sizeOf(kvm.kvmIoctls.KVM_PRE_FAULT_MEMORY)).toBe(kvm.kvmPreFaultMemory.size);
});

test.each([
  ['SMT', { smt: 1 }, 0x3_0000n],
  ['SMT and debugging', { smt: 1, debug: 1 }, 0xb_0000n],
])('a launch policy with %s has the bit that must be one', (_, fields, word) => {
  expect(kvm.snpPolicy.encode(fields)).toBe(word);
});

test('a policy without bit 17 is reported', () => {
  const row = kvm.snpPolicy.explain(0x1_0000n).find(({ name }) => name === 'reservedOne');
  expect(row?.problem).toBe('must be 0x1');
});

test('the policy bits of KVM leave the migration agent out', () => {
  expect(kvm.snpPolicy.decode(kvm.KVM_SNP_POLICY_BITS_7_2)).toMatchObject({
    migrateMa: 0,
    pageSwapDisable: 1,
    reserved: 0,
  });
  expect(kvm.snpPolicy.decode(kvm.KVM_SNP_POLICY_BITS_6_12)).toMatchObject({
    migrateMa: 0,
    singleSocket: 1,
    cxlAllow: 0,
  });
});
