import { expect, test } from 'vitest';
import { bytesView } from '../base/bytes';
import {
  sevFeaturesOf,
  sevStatusOf,
  SVM_SEV_FEAT_INT_INJ_MODES,
  SVM_SEV_FEAT_SNP_ACTIVE,
} from './sev-features';
import { vmsa, vmsaInitValues } from './vmsa';

test.each([
  ['esSelector', 0x000],
  ['csAttrib', 0x012],
  ['csBase', 0x018],
  ['gdtrSelector', 0x060],
  ['ldtrSelector', 0x070],
  ['idtrSelector', 0x080],
  ['trSelector', 0x090],
  ['vmpl', 0x0ca],
  ['cpl', 0x0cb],
  ['efer', 0x0d0],
  ['xss', 0x140],
  ['cr4', 0x148],
  ['cr3', 0x150],
  ['cr0', 0x158],
  ['dr7', 0x160],
  ['dr6', 0x168],
  ['rflags', 0x170],
  ['rip', 0x178],
  ['rsp', 0x1d8],
  ['rax', 0x1f8],
  ['gPat', 0x268],
  ['sevFeatures', 0x3b0],
  ['vintrCtrl', 0x3b8],
  ['guestExitCode', 0x3c0],
  ['virtualTom', 0x3c8],
  ['tlbId', 0x3d0],
  ['pcpuId', 0x3d8],
  ['eventInj', 0x3e0],
  ['xcr0', 0x3e8],
  ['mxcsr', 0x408],
  ['x87Ftw', 0x40c],
  ['x87Fcw', 0x410],
] as const)('%s lies at %i', (name, offset) => expect(vmsa.offsetOf(name)).toBe(offset));

test('the part that KVM names ends at 1648 of 4096 bytes', () => {
  const { at, size } = vmsa.fields.fpregYmm;
  expect(at + size).toBe(1648);
  expect(vmsa.size).toBe(4096);
});

test('an AP after INIT starts at its SIPI vector', () => {
  const page = vmsa.encode(
    vmsaInitValues({ sipiVector: 0x9f, vmpl: 0, sevFeatures: SVM_SEV_FEAT_SNP_ACTIVE }),
  );
  if (!page.ok) throw new Error(page.error.message);
  const view = bytesView(page.value);
  expect(vmsa.get(view, 'csSelector')).toBe(0x9f00);
  expect(vmsa.get(view, 'csBase')).toBe(0x9f000n);
  expect(vmsa.get(view, 'csAttrib')).toBe(0x9a);
  expect(vmsa.get(view, 'dsAttrib')).toBe(0x92);
  expect(vmsa.get(view, 'trLimit')).toBe(0xffff);
  expect(vmsa.get(view, 'rip')).toBe(0n);
  expect(vmsa.get(view, 'efer')).toBe(0x1000n);
  expect(vmsa.get(view, 'sevFeatures')).toBe(1n);
});

test('SEV_STATUS is SEV_FEATURES two bits up, with SEV and SEV-ES', () => {
  expect(sevStatusOf(SVM_SEV_FEAT_SNP_ACTIVE)).toBe(0x7n);
  expect(sevFeaturesOf(0x7n)).toBe(SVM_SEV_FEAT_SNP_ACTIVE);
  expect(SVM_SEV_FEAT_INT_INJ_MODES).toBe(0x18n);
});
