/** What the firmware checks, in its order: policies, ASIDs, the ID block, the header of a guest message. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { firmwareStatus, firmwareStatusText, type FirmwareStatusName } from '../../abi/firmware';
import { errno } from '../../abi/errno';
import { Run } from '../../testing/engine/test-run';
import type { ActArguments } from '../acts';
import { correctedCpuid, cpuidRegisters, cpuidVerdict, refusedLeaf, wrongCpuid } from './cpuid-page';

/** Kernels that leave the policy to the firmware; v14 refuses unknown bits itself. */
const NO_POLICY_MASK = ['part2-v4', 'part2-v5', 'v11'] as const;

describe('LAUNCH_START', () => {
  test.each<[string, bigint, FirmwareStatusName]>([
    ['the usual policy', 0x30000n, 'SUCCESS'],
    ['a reserved bit', 0x8003_0000n, 'POLICY_FAILURE'],
    ['the highest reserved bit', (1n << 63n) | 0x30000n, 'POLICY_FAILURE'],
    ['a migration agent', 0x70000n, 'SUCCESS'],
    ['a bit that this firmware does not report', 0x43_0000n, 'POLICY_FAILURE'],
    ['a later firmware interface', 0x30138n, 'POLICY_FAILURE'],
  ])('%s, policy %s: %s', (_, policy, status) => {
    for (const spec of NO_POLICY_MASK) {
      const run = new Run(spec).initialised().vmm('launch-start', { policy });
      expect([spec, run.ret, firmwareStatusText(run.world.vm.ioctlError)]).toEqual([
        spec,
        status === 'SUCCESS' ? 0 : -errno.EIO,
        status,
      ]);
    }
  });
});

describe('SNP_ACTIVATE', () => {
  const bit = 1 << 1;
  test.each<[string, { owned?: true; dirty?: true }, FirmwareStatusName]>([
    ['a clean ASID of nobody', {}, 'SUCCESS'],
    ['a dirty ASID', { dirty: true }, 'DFFLUSH_REQUIRED'],
    ['a dirty ASID that another guest has', { dirty: true, owned: true }, 'ASID_OWNED'],
  ])('%s: %s', (_, { owned, dirty }, status) => {
    const run = new Run().initialised();
    if (owned) run.world.host.asidsOwned |= bit;
    if (dirty) run.world.host.asidsDirty |= bit;
    expect(run.world.vm.asid).toBe(1);
    run.vmm('launch-start', {});
    expect(firmwareStatusText(run.world.vm.ioctlError)).toBe(status);
  });

  test('a second ACTIVATE of a guest that is active is refused before dirt is looked at', () => {
    const run = new Run().initialised().vmm('launch-start', {});
    const { vm, host } = run.world;
    host.asidsOwned = 0;
    host.asidsDirty = bit;
    const effects = run.world.decideLaunch({
      type: 'SNP_ACTIVATE',
      reservedZero: true,
      platformReady: true,
      contextPage: true,
      asidUnusedInRmp: true,
      socketLegal: true,
      asidFree: true,
      guestInactive: !vm.activated,
      asidClean: false,
    });
    expect(effects).toEqual([{ type: 'refuseFirmware', params: { status: 'ACTIVE' } }]);
  });
});

test.each([
  ['never finished its launch leaves its ASID clean', false, 0],
  ['ran leaves its ASID dirty', true, 1 << 1],
])('DECOMMISSION: a guest that %s', (_, ran, dirty) => {
  const run = ran ? new Run().running() : new Run().started({ vcpus: 1 });
  // The VM lives until the last call on it returns.
  if (ran) run.guest('terminate', { form: 'msr', set: 0, code: 0 });
  run.vmm('destroy', {});
  expect([run.world.host.asidsDirty, run.world.host.asidsOwned]).toEqual([dirty, 0]);
});

describe('LAUNCH_FINISH', () => {
  const UNMAPPED = 0xdead_0000n;
  const EIO = -errno.EIO;
  test.each<[ActArguments<'vmm', 'launch-finish'>, number, FirmwareStatusName | undefined]>([
    [{}, 0, 'SUCCESS'],
    [{ 'id-block': 'yes' }, 0, 'SUCCESS'],
    [{ 'id-block': 'bad-digest' }, EIO, 'BAD_MEASUREMENT'],
    [{ 'id-block': 'bad-policy' }, EIO, 'POLICY_FAILURE'],
    [{ 'id-block': 'bad-algorithm' }, EIO, 'INVALID_PARAM'],
    [{ 'id-block': 'bad-signature' }, EIO, 'BAD_SIGNATURE'],
    [{ 'id-block': 'yes', author: 'bad-signature' }, EIO, 'BAD_SIGNATURE'],
    [{ 'id-block': 'bad-digest', author: 'bad-signature' }, EIO, 'BAD_MEASUREMENT'],
    [{ 'id-block': 'yes', author: 'yes', vcek: false }, 0, 'SUCCESS'],
    // Without an ID block KVM passes no author key.
    [{ author: 'bad-signature' }, 0, 'SUCCESS'],
    [{ 'id-block': 'yes', 'id-block-uaddr': 0n }, -errno.EINVAL, undefined],
    [{ 'id-block': 'yes', 'id-auth-uaddr': 0n }, -errno.EINVAL, undefined],
    [{ 'id-block': 'yes', 'id-block-uaddr': UNMAPPED }, -errno.EFAULT, undefined],
    [{ 'id-block': 'yes', 'id-auth-uaddr': UNMAPPED }, -errno.EFAULT, undefined],
    // Pointers that are not used are not followed.
    [{ 'id-block-uaddr': UNMAPPED, 'id-auth-uaddr': UNMAPPED }, 0, 'SUCCESS'],
  ])('%o', (args, ret, status) => {
    const run = new Run().started({ vcpus: 0 }).vmm('launch-finish', args);
    expect(run.ret).toBe(ret);
    if (status) expect(run.world.vm.ioctlError).toBe(firmwareStatus[status]);
  });
});

describe('a CPUID page that the firmware refuses', () => {
  test.each([
    [0x8000_001f, 'ebx', 'the firmware refuses ebx of CPUID leaf 0x8000001f and corrects it'],
    [0x1, 'ecx', 'the firmware refuses ecx of CPUID leaf 0x1 and corrects it'],
    [0x7, undefined, 'the firmware refuses eax of CPUID leaf 0x7 and corrects it'],
  ] as const)('leaf 0x%s %s', (leaf, register, note) => {
    const run = new Run().started({ vcpus: 0 });
    const notes: string[] = [];
    const { recorder } = run.world;
    if (recorder) recorder.finding = (_, text) => void notes.push(text);
    const named = register === undefined ? {} : { 'wrong-register': register };
    const page = { gfn: 1, type: 'cpuid' } as const;
    run.vmm('launch-update', { ...page, 'wrong-leaf': leaf, ...named });
    expect([run.ret, firmwareStatusText(run.world.vm.ioctlError)]).toEqual([-errno.EIO, 'INVALID_PARAM']);
    expect(notes).toEqual([note]);
    // The corrected table is in the source buffer now.
    expect(run.vmm('launch-update', page).ret).toBe(0);
  });

  test('which leaf a page names comes back, whatever it is', () => {
    const leaf = fc.oneof(
      fc.integer({ min: 0, max: 0xffff }),
      fc.integer({ min: 0x8000_0000, max: 0x8000_ffff }),
    );
    fc.assert(
      fc.property(leaf, fc.constantFrom(...cpuidRegisters), (of, register) => {
        const content = wrongCpuid(of, register);
        expect(refusedLeaf(content)).toEqual({ leaf: of, register });
        expect(cpuidVerdict(content)).toBe('corrected');
        expect(cpuidVerdict(correctedCpuid(content))).toBe('legal');
      }),
    );
  });
});

describe('SNP_GUEST_REQUEST', () => {
  const PAGE = 0x5000n;
  const good = {
    0x20: '01',
    0x30: '01',
    0x31: '01',
    0x32: '6000',
    0x34: '05',
    0x35: '01',
    0x36: '6000',
    0x3c: '00',
  };
  const status = (bytes: Readonly<Record<number, string>>): string => {
    const runs = Object.entries({ ...good, ...bytes }).map(([at, hex]) => ({ at: Number(at), hex }));
    const run = new Run().running().vmm('set-attributes', { gfn: 5, n: 2, private: false });
    run.guest('store', { gpa: PAGE, private: false, bytes: runs });
    run.guest('nae', { code: 0x8000_0011n, info1: PAGE, info2: 0x6000n });
    expect(run.world.vcpu(0).guestReadInfo1).toBe(0n);
    return firmwareStatusText(Number(run.world.vcpu(0).guestReadInfo2));
  };

  test.each<[string, Record<number, string>, FirmwareStatusName]>([
    ['a header as Linux fills it', {}, 'SUCCESS'],
    ['header version 2', { 0x31: '02' }, 'INVALID_PARAM'],
    ['header size 7', { 0x32: '0700' }, 'INVALID_PARAM'],
    ['algorithm 0', { 0x30: '00' }, 'INVALID_PARAM'],
    ['no payload', { 0x36: '0000' }, 'INVALID_PARAM'],
    ['a payload of 24 bytes', { 0x36: '1800' }, 'INVALID_PARAM'],
    ['the largest payload of a page', { 0x36: 'a00f' }, 'SUCCESS'],
    ['a payload beyond the page', { 0x36: 'b00f' }, 'INVALID_PARAM'],
    ['key 3', { 0x3c: '03' }, 'SUCCESS'],
    ['key 4', { 0x3c: '04' }, 'INVALID_PARAM'],
    ['the type of an answer', { 0x34: '06' }, 'INVALID_PARAM'],
    ['sequence number 0', { 0x20: '00' }, 'AEAD_OFLOW'],
    ['sequence number 1 + 2^32', { 0x24: '01' }, 'AEAD_OFLOW'],
    ['a wrong number and the type of an answer', { 0x20: '02', 0x34: '06' }, 'AEAD_OFLOW'],
    ['a wrong number and no payload', { 0x20: '02', 0x36: '0000' }, 'INVALID_PARAM'],
  ])('%s: %s', (_, bytes, expected) => {
    expect(status(bytes)).toBe(expected);
  });
});

test.each([
  [0x30, 'INCORRECT_BUFFER_LENGTH'],
  [0x32, 'SPDM_REQUEST'],
  [0x34, '0x34'],
  [0x3a, 'IN_USE'],
  [0x3f, 'RESPONSE_TOO_LARGE'],
])('status 0x%s is called %s', (code, name) => {
  expect(firmwareStatusText(code)).toBe(name);
});
