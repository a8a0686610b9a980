/** KVM_SEV_INIT2: every flag and every feature bit alone, as the kernel's own selftest tries them (sev_init2_tests). */
import { describe, expect, test } from 'vitest';
import { errno } from '../../../abi/errno';
import { Run } from '../../../testing/engine/test-run';
import { supportedFeatures } from './init2';

const kernels = ['linux-6.12', 'linux-7.2', 'linux-7.3'];
const types = ['sev', 'seves', 'snp'] as const;
const cases = kernels.flatMap((spec) => types.map((type) => [spec, type] as const));
const DEBUG_SWAP = 1n << 5n;
const SECURE_TSC = 1n << 9n;
const bits = (count: number): bigint[] => Array.from({ length: count }, (_, bit) => 1n << BigInt(bit));

describe.each(cases)('%s, VM type %s', (spec, type) => {
  test('each of the 32 flags alone is -EINVAL', () => {
    const run = new Run(spec).vmm('create-vm', { type });
    for (const flag of bits(32))
      expect([flag, run.vmm('init2', { flags: Number(flag) }).ret]).toEqual([flag, -errno.EINVAL]);
  });

  test('each of the 64 features alone is -EINVAL, but those that the device attribute reports', () => {
    const made = (): Run => {
      const run = new Run(spec, 1).vmm('create-vm', { type });
      run.world.host.vmsaFeatures = DEBUG_SWAP | SECURE_TSC;
      return run;
    };
    let run = made();
    const offered = supportedFeatures(run.world);
    expect(offered === 0n).toBe(type === 'sev');
    for (const features of bits(64)) {
      const { ret } = run.vmm('init2', { features });
      expect([features, ret]).toEqual([features, (offered & features) === 0n ? -errno.EINVAL : 0]);
      if (ret === 0) run = made();
    }
  });
});
