import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bytesView } from '../base/bytes';
import * as rmp from './rmp';

const facts = { assigned: true, validated: false, asid: 1, immutable: false, gpa: 0x1000n, vmsa: false };

test.each<[rmp.PageState, Partial<rmp.RmpFacts>]>([
  ['Hypervisor', { assigned: false, asid: 0 }],
  ['HV-Fixed', { assigned: false, asid: 0, immutable: true }],
  ['Firmware', { asid: 0, immutable: true, gpa: 0n }],
  ['Context', { asid: 0, immutable: true, gpa: 0n, vmsa: true }],
  ['Metadata', { asid: 0, immutable: true, gpa: 0x2000n }],
  ['Metadata', { asid: 0, immutable: true, gpa: (1n << 48n) | 0x1000n }],
  ['Firmware-IOMMU', { asid: 0, immutable: true, gpa: (2n << 48n) | 0x1000n }],
  ['Reclaim', { asid: 0 }],
  ['Pre-Guest', { immutable: true }],
  ['Pre-Swap', { immutable: true, validated: true }],
  ['Guest-Invalid', {}],
  ['Guest-Valid', { validated: true }],
  ['Guest-Valid', { validated: true, vmsa: true }],
])('%s', (state, bits) => expect(rmp.pageStateOf({ ...facts, ...bits })).toBe(state));

test('an unassigned page that still has an owner is in no state of the table', () => {
  expect(rmp.pageStateOf({ ...facts, assigned: false })).toBeUndefined();
});

test('no combination of bits is in two states', () => {
  const bit = fc.boolean();
  const entry = fc.record({
    assigned: bit,
    validated: bit,
    immutable: bit,
    vmsa: bit,
    asid: fc.nat({ max: 1 }),
    gpa: fc.constantFrom(0n, 0x1000n, (2n << 48n) | 0x1000n),
  });
  fc.assert(
    fc.property(entry, (bits) => {
      const states = rmp.pageStates.filter(
        (rule) =>
          rule.assigned === bits.assigned &&
          rule.validated === bits.validated &&
          rule.guestOwned === bits.asid > 0 &&
          rule.immutable === bits.immutable &&
          (rule.gpa ?? rmp.gpaFieldOf(bits.gpa)) === rmp.gpaFieldOf(bits.gpa) &&
          (rule.vmsa ?? bits.vmsa) === bits.vmsa,
      );
      expect(states.length).toBeLessThanOrEqual(1);
    }),
  );
});

test('the argument of RMPUPDATE for a VMSA page', () => {
  const bytes = rmp.rmpUpdate.encode({ gpa: rmp.VMSA_RMP_GPA, assigned: 1, immutable: 1, asid: 3 });
  expect(bytes.ok && [...bytes.value]).toEqual([
    0, 0xf0, 0xff, 0xff, 0xff, 0xff, 0, 0, 1, 0, 1, 0, 3, 0, 0, 0,
  ]);
});

test('an entry in memory splits into owner and permissions', () => {
  const view = bytesView(new Uint8Array(16));
  view.setU64(0, rmp.rmpEntryLow.encode({ assigned: 1, gpaFrame: 0x7f1a4, asid: 5, vmsa: 1, validated: 1 }));
  view.setU64(8, rmp.rmpEntryHigh.encode({ vmpl0: 0xf, vmpl1: 0x1 }));
  const rows = new Map(rmp.rmpEntry.explain(view).map(({ name, text }) => [name, text]));
  expect(rows.get('low.gpaFrame')).toBe('0x7f1a4');
  expect(rows.get('low.asid')).toBe('5');
  expect(rows.get('low.vmsa')).toBe('set');
  expect(rows.get('high.vmpl1')).toBe('0x1');
});

test('RMPADJUST marks a VMSA with bit 16', () => {
  expect(rmp.rmpAdjustAttributes.encode({ vmsa: 1, targetVmpl: 1 })).toBe(rmp.RMPADJUST_VMSA_PAGE_BIT | 1n);
});

test('codes that only the manual names are marked as unconfirmed', () => {
  const update = rmp.rmpInstructions.find(({ name }) => name === 'RMPUPDATE');
  const marks = update?.codes.map(({ code, source }) => [code, source.confidence]);
  expect(marks).toEqual([
    [0, 'read'],
    [1, 'unconfirmed'],
    [2, 'unconfirmed'],
    [3, 'unconfirmed'],
    [4, 'read'],
  ]);
});
