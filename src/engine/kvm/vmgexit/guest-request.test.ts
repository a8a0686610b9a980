/** Guest requests: pages, firmware errors, certificates. */
import { describe, expect, test } from 'vitest';
import { errno } from '../../../abi/errno';
import { guestMessageHeader } from '../../../abi/guest-request';
import { kvmRunSnpReqCerts } from '../../../abi/kvm-run';
import type { ProfileId } from '../../../profiles/profiles';
import type { Act } from '../../acts';
import { TIMEOUT } from '../../faults';
import type { Image } from '../../memory/image';
import { Run } from '../../../testing/engine/test-run';

const REQUEST = 0x5000n;
const RESPONSE = 0x6000n;
const CERTS = 0x7000n;
const pages = { request: REQUEST, response: RESPONSE };
const answerOf = ({ world }: Run): [bigint, bigint] => {
  const { guestReadInfo1, guestReadInfo2 } = world.vcpu(0);
  return [guestReadInfo1, guestReadInfo2];
};
const failing = (status: number): Act => ({
  actor: 'inject',
  verb: 'firmware',
  args: { command: 0x94n, status: BigInt(status) },
});

test('the firmware answers a report request with a report response', () => {
  const run = new Run().running().guest('guest-request', pages);
  expect(answerOf(run)).toEqual([0n, 0n]);
  const response = run.world.image('shared', 6);
  expect(guestMessageHeader.get(response, 'messageType')).toBe(6);
  expect(guestMessageHeader.get(response, 'sequenceNumber')).toBe(2n);
});

describe('sequence numbers', () => {
  const AEAD_OFLOW = [0n, 0x1dn];
  test('each request has the number after the last answer', () => {
    const run = new Run().running().guest('guest-request', pages).guest('guest-request', pages);
    expect(answerOf(run)).toEqual([0n, 0n]);
    expect(guestMessageHeader.get(run.world.image('shared', 6), 'sequenceNumber')).toBe(4n);
  });
  test.each([0n, 1n, 2n, 4n, 0xffff_ffff_ffff_ffffn])('after one exchange %d is AEAD_OFLOW', (seq) => {
    const run = new Run()
      .running()
      .guest('guest-request', pages)
      .guest('guest-request', { ...pages, seq });
    expect(answerOf(run)).toEqual(AEAD_OFLOW);
    expect(answerOf(run.guest('guest-request', { ...pages, seq: 3n }))).toEqual([0n, 0n]);
  });
  test('a request that is refused counts for nothing', () => {
    const run = new Run().running().guest('guest-request', { ...pages, type: 2 });
    expect(answerOf(run)[1]).not.toBe(0n);
    expect(answerOf(run.guest('guest-request', { ...pages, seq: 1n }))).toEqual([0n, 0n]);
  });
});

test.each<[ProfileId, string, object, bigint]>([
  ['linux-7.2', 'request page unaligned', { request: 0x5001n }, 5n],
  ['linux-7.2', 'response page unaligned', { response: 0x6008n }, 5n],
  ['linux-7.2', 'one page for both', { response: REQUEST }, 5n],
  ['linux-6.12', 'one page for both', { response: REQUEST }, 4n],
  ['linux-6.17', 'request page unaligned', { request: 0x5001n }, 4n],
])('%s, %s: malformed input', (profile, _, changed, reason) => {
  const run = new Run(profile).running().guest('guest-request', { ...pages, ...changed });
  expect(answerOf(run)).toEqual([2n, reason]);
});

test.each([0x16, 0x25])('firmware status %d goes to the guest, info1 stays 0', (status) => {
  const run = new Run().running().act(failing(status)).guest('guest-request', pages);
  expect(answerOf(run)).toEqual([0n, BigInt(status)]);
});

test.each<[string, object, Act | undefined, number]>([
  ['a request page without memory slot', { request: 0x8000_0000n }, undefined, errno.EIO],
  ['a response page without memory slot', { response: 0x8000_0000n }, undefined, errno.EIO],
  ['a PSP that does not answer', {}, failing(TIMEOUT), errno.ETIMEDOUT],
])('%s fails KVM_RUN', (_, changed, fault, expected) => {
  const run = new Run().running();
  if (fault) run.act(fault);
  run.guest('guest-request', { ...pages, ...changed });
  expect(run.world.vcpu(0).runErrno).toBe(expected);
});

describe('an extended request', () => {
  const certificates = { ...pages, certs: CERTS, pages: 2n };

  test('for a report clears the first 24 bytes of the certificate buffer', () => {
    const run = new Run().running();
    const buffer = run.world.image('shared', 7);
    for (let at = 0; at < 32; at++) buffer.setU8(at, 0xff);
    run.guest('ext-guest-request', certificates);
    expect([buffer.u64(16), buffer.u64(24)]).toEqual([0n, 0xffff_ffff_ffff_ffffn]);
    expect(answerOf(run)).toEqual([0n, 0n]);
  });

  test.each<[string, object, bigint]>([
    ['without RAX', { ...pages, pages: 1n }, 2n],
    ['without RBX', { ...pages, certs: CERTS }, 2n],
    ['with an unaligned buffer', { ...certificates, certs: 0x7004n }, 2n],
    ['of another type needs no buffer', { ...pages, type: 3 }, 0n],
  ])('%s', (_, args, info1) => {
    const run = new Run().running().guest('ext-guest-request', { ...pages, ...args });
    expect(answerOf(run)[0]).toBe(info1);
  });
});

describe('with certificates enabled', () => {
  const asking = (): Run => {
    const run = new Run().initialised().vmm('enable-certs', {});
    run.vmm('create-vcpu', {}).vmm('launch-start', {}).vmm('launch-finish', {}).vmm('run', { vcpu: 0 });
    return run.guest('ext-guest-request', { ...pages, certs: CERTS, pages: 2n });
  };

  test('a report request leaves with the buffer first', () => {
    const run = asking();
    const kvmRun = run.world.kvmRun[0] as Image;
    expect(run.steps.at(-1)).toBe('SNP_REQ_CERTS 0x7000 n=0x2');
    expect(kvmRunSnpReqCerts.get(kvmRun, 'ret')).toBe(0n);
  });

  test.each<[string, bigint, bigint]>([
    ['0: the request goes to the firmware', 0n, 0n],
    ['ENOSPC: more pages', 28n, 1n << 32n],
    ['EAGAIN: busy', 11n, 2n << 32n],
    ['EIO: generic', 5n, 0xffff_ffffn << 32n],
  ])('ret %s', (_, ret, info2) => {
    const run = asking().vmm('answer', { ret, pages: 9n }).vmm('run', { vcpu: 0 });
    expect(answerOf(run)).toEqual([0n, info2]);
    expect(run.world.vcpu(0).rbx).toBe(ret === 28n ? 9n : 2n);
  });

  test('any other ret fails KVM_RUN with -EINVAL', () => {
    const run = asking().vmm('answer', { ret: 22n }).vmm('run', { vcpu: 0 });
    expect(run.world.vcpu(0).runErrno).toBe(errno.EINVAL);
  });

  test('a kernel without them refuses to enable them', () => {
    expect(new Run('linux-6.17').initialised().vmm('enable-certs', {}).ret).toBe(-errno.EINVAL);
  });
});
