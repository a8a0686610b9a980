import { expect, test } from 'vitest';
import { kvmExitReasons } from '../abi/kvm-run';
import { overlayIds } from './overlays';
import { profileIds } from './profiles';
import { parseProfileSpec } from './resolve';
import { exitsOf } from './kvm-exits';

function exitName(spec: string, reason: number): string | undefined {
  const profile = parseProfileSpec(spec);
  if (!profile.ok) throw new Error(profile.error.message);
  return exitsOf(profile.value.facets)(reason)?.name;
}

test.each([
  ['v11', 'KVM_EXIT_VMGEXIT', undefined],
  ['v14', 'KVM_EXIT_VMGEXIT', undefined],
  ['v14:psc.msr=rawMsrExit', 'KVM_EXIT_VMGEXIT', 'KVM_EXIT_VMGEXIT'],
  ['v14:psc.msr=rawMsrExit:psc.batch=rawMsrExit', 'KVM_EXIT_TDX', 'KVM_EXIT_VMGEXIT'],
  ['part2-v5', 'KVM_EXIT_TDX', undefined],
  ['linux-6.11', 'KVM_EXIT_TDX', undefined],
  ['linux-7.2', 'KVM_EXIT_TDX', undefined],
  ['linux-7.2:psc.batch=sharedGpa', 'KVM_EXIT_VMGEXIT', undefined],
])('under %s exit 40 is %s and exit 50 is %s', (spec, forty, fifty) => {
  expect([exitName(spec, 40), exitName(spec, 50)]).toEqual([forty, fifty]);
});

test('every other number has the name of mainline in every profile', () => {
  for (const spec of [...profileIds, ...overlayIds]) {
    for (const [reason, name] of Object.entries(kvmExitReasons)) {
      if (reason !== '40') expect([spec, exitName(spec, Number(reason))]).toEqual([spec, name]);
    }
  }
});
