import { expect, test } from 'vitest';
import { defaultProfile } from '../profiles/resolve';
import { checkPath, checkValue, isUnknownPath, observables, observe, partAt } from './observe';
import { World } from './world';

const world = () => new World({ vcpus: 2, gfnCount: 1024, gmemPages: 1024 }, defaultProfile());

test.each([
  ['v1.mpState', 'UNINITIALIZED'],
  ['v1.pendingVmsa', 0xffffffffffffffffn],
  ['v0.run', 'inUserspace'],
  ['v0.ret', 0],
  ['v0.exit', 'UNKNOWN'],
  ['v0.run.exitReason', 0n],
  ['v0.run.hypercall.args[2]', 0n],
  ['v0.run.memory_fault.flags.private', 0n],
  ['guest.result', 'none'],
  ['guest.mpState', 'UNINITIALIZED'],
  ['vm.gstate', 'none'],
  ['vm.cBit', 51],
  ['host.pspDead', false],
  ['slot0.used', false],
  ['page.0x120.attribute', 'shared'],
  ['page.0x120.rmp', 'no page'],
  ['page.288.seam', false],
  ['vmsa.v0.rmp', 'no page'],
  ['exits.count', 0],
  ['v0.run.u64[40]', 0n],
  ['v0.run.u32[36]', 0],
  ['page.0x120.shared', 0n],
  ['page.0x120.source', 0n],
  ['moves.enter', 0],
  ['moves.rmpUpdate.vmsa1', 0],
  ['findings.violation', 0],
  ['refused', false],
  ['ioctl.ret', 0],
])('%s is %s in a fresh world', (path, value) => {
  expect(observe(world(), path)).toMatchObject({ value });
});

test.each([
  ['v1.mpStat', 'mpState'],
  ['v9.mpState', undefined],
  ['hots.pspDead', undefined],
  ['vm.gstat', 'gstate'],
  ['v0.run.hypercal.nr', 'hypercall'],
  ['v0.run.hypercall.rett', 'ret'],
  ['page.0x120.rm', 'rmp'],
  ['page.x.rmp', undefined],
  ['page.0x9999.rmp', undefined],
  ['moves.entr', 'enter'],
  ['moves.rmpUpdate.vmsa2', 'vmsa0'],
  ['moves.enter.vmsa0', undefined],
  ['v0.run.u64[2345]', undefined],
  ['psc.curr', undefined],
  ['exits.coun', 'count'],
  ['ioctl.eror', 'error'],
  ['', undefined],
])('%s names nothing, the nearest is %s', (path, nearest) => {
  const found = observe(world(), path);
  expect(isUnknownPath(found)).toBe(true);
  if (isUnknownPath(found) && nearest !== undefined) expect(found.nearest).toBe(nearest);
});

test('a value has the spellings of the kernel beside it', () => {
  const one = world();
  one.vcpu(0).runErrno = 22;
  expect(observe(one, 'v0.ret')).toEqual({ value: '-EINVAL', also: [-22, '-22'] });
  expect(observe(one, 'v0.exit')).toEqual({ value: 'UNKNOWN', also: [0, 'KVM_EXIT_UNKNOWN'] });
});

test.each([
  ['v0.mpState.x', 'x', 11],
  ['v0.run.hypercall.args[77]', 'args[77]', 17],
  ['page.0x1.rmp.x', 'x', 13],
  ['page.0x1', '0x1', 5],
  ['refused.why', 'why', 8],
  ['exits.count.count.no', 'count.no', 12],
  ['psc.entry[300]', 'entry[300]', 4],
  ['moves.toString', 'toString', 6],
  ['v2.ret', 'v2', 0],
  ['vm', 'vm', 0],
])('%s is refused before anything runs, at %s', (path, part, at) => {
  const found = checkPath(path, { vcpus: 2 });
  expect(found).toMatchObject({ part });
  if ('message' in found) expect([partAt(path, found), found.expected === undefined]).toEqual([at, false]);
});

test.each([
  ['v0.mpState', '!=', 'HALTED', true],
  ['v0.mpState', '!=', 'HALTEDD', false],
  ['v0.mpState', 'has', 'RUN', true],
  ['v0.mpState', '<', '3', false],
  ['v0.pendingVmsa', '==', 'none', true],
  ['v0.ret', '<', '0', true],
  ['v0.ret', '==', '-EINVAL', true],
  ['v0.ret', '!=', '-EINVALL', false],
  ['v0.exit', '==', 'KVM_EXIT_HLT', true],
  ['v0.run.memory_fault.flags.private', '==', '1', true],
  ['psc.entry[0].operation', '==', 'private', true],
  ['page.0x1.rmp', '==', 'no page', true],
  ['page.0x1.rmp.vmsa', '==', 'maybe', false],
  ['page.0x1.guest', '==', 'guestValid', true],
  ['vm.exists', '==', 'yes', true],
  ['vm.exists', '==', '1', false],
  ['refused', '==', 'the VM is gone', true],
  ['ioctl.error', '==', 'unwritten', true],
])('%s %s %s: can be %s', (path, operator, word, can) => {
  const domain = checkPath(path, { vcpus: 2 });
  if ('message' in domain) throw new Error(domain.message);
  expect(checkValue(domain, operator, word) === undefined).toBe(can);
});

test('every family of names has a form and a sentence', () => {
  for (const { form, doc } of observables) expect([form.length > 0, doc.endsWith('.')]).toEqual([true, true]);
});
