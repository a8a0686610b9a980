/** AP creation as each generation had it, driven by acts and seen from outside. */
import { describe, expect, test } from 'vitest';
import { gpaToGfn } from '../../../abi/address';
import type { ProfileId } from '../../../profiles/profiles';
import {
  all,
  BEYOND_MEMSLOTS,
  FEATURES,
  held,
  launched,
  V1,
  V2,
  type ApRun,
} from '../../../testing/engine/test-ap-run';
import { expectations, type ByGeneration } from '../../../testing/profiles/by-generation';

describe('AP creation as each generation had it: mp_state, VMSA, thread of the target, reply', () => {
  test.each<[string, (id: ProfileId) => ApRun, ByGeneration<string>]>([
    [
      'CREATE twice: the second replaces the first or is rejected',
      (id) => held(id).create(V1).create(V2),
      { 'part2-* v11 v14 linux-*': 'RUNNABLE V2 inGuest 0/0', 'as-reviewed': 'RUNNABLE V1 inGuest 2/5' },
    ],
    [
      'CREATE_ON_INIT, CREATE, INIT-SIPI',
      (id) => held(id).createOnInit(V1).create(V2).initSipi(),
      { 'part2-* v11 v14 linux-*': 'RUNNABLE V2 inGuest 0/0', 'as-reviewed': 'RUNNABLE V1 inGuest 2/5' },
    ],
    [
      'DESTROY, then INIT-SIPI',
      (id) => held(id).create(V1).destroy().initSipi(),
      {
        'part2-v4': 'RUNNABLE noVmsa FAIL_ENTRY (VMRUN with PA 0) 0/0',
        'as-reviewed': 'STOPPED noVmsa -EINTR 0/0',
        'part2-v5 v11 v14 linux-6.11 linux-6.12': 'RUNNABLE noVmsa FAIL_ENTRY (VMRUN without VMSA) 0/0',
        'linux-6.17 linux-7.2': 'RUNNABLE noVmsa FAIL_ENTRY (no VMSA) 0/0',
      },
    ],
    [
      'DESTROY, then userspace sets RUNNABLE',
      (id) => held(id).create(V1).destroy().setRunnable(),
      {
        'part2-v4': 'RUNNABLE noVmsa FAIL_ENTRY (VMRUN with PA 0) 0/0',
        'as-reviewed': 'STOPPED noVmsa blocked 0/0',
        'part2-v5 v11 v14 linux-6.11 linux-6.12': 'RUNNABLE noVmsa FAIL_ENTRY (VMRUN without VMSA) 0/0',
        'linux-6.17 linux-7.2': 'RUNNABLE noVmsa FAIL_ENTRY (no VMSA) 0/0',
      },
    ],
    [
      'CREATE with an injection mode toggled',
      (id) =>
        held(id)
          .create(V1)
          .create(V2, FEATURES | 8n),
      {
        'part2-v4': 'UNINITIALIZED noVmsa blocked 0/0',
        'as-reviewed linux-6.12 linux-6.17 linux-7.2': 'RUNNABLE V1 inGuest 2/5',
        'part2-v5': 'STOPPED noVmsa blocked 1/#GP',
        'v11 v14 linux-6.11': 'HALTED noVmsa blocked 2/5',
      },
    ],
    [
      'the first CREATE, with DEBUG_SWAP toggled',
      (id) => held(id).create(V1, FEATURES | 0x20n),
      {
        'part2-* as-reviewed v11 v14 linux-6.11 linux-6.12': 'RUNNABLE V1 inGuest 0/0',
        'linux-6.17 linux-7.2': 'AP_RESET_HOLD launchVmsa blocked 2/5',
      },
    ],
    [
      'a second CREATE, with DEBUG_SWAP toggled',
      (id) =>
        held(id)
          .create(V1)
          .create(V2, FEATURES | 0x20n),
      {
        'part2-* v11 v14 linux-6.11 linux-6.12': 'RUNNABLE V2 inGuest 0/0',
        'as-reviewed linux-6.17 linux-7.2': 'RUNNABLE V1 inGuest 2/5',
      },
    ],
    [
      'CREATE_ON_INIT with an injection mode toggled',
      (id) =>
        held(id)
          .create(V1)
          .createOnInit(V2, FEATURES | 8n),
      {
        'part2-v4': 'UNINITIALIZED noVmsa blocked 0/0',
        'as-reviewed linux-6.12 linux-6.17 linux-7.2': 'RUNNABLE V1 inGuest 2/5',
        'part2-v5': 'STOPPED noVmsa blocked 1/#GP',
        'v11 v14 linux-6.11': 'HALTED noVmsa blocked 2/5',
      },
    ],
    [
      'DESTROY before any CREATE',
      (id) => held(id).destroy(),
      {
        'part2-v4': 'UNINITIALIZED noVmsa blocked 0/0',
        'as-reviewed part2-v5': 'STOPPED noVmsa blocked 0/0',
        v11: 'HALTED noVmsa blocked 0/0',
        'v14 linux-*': 'HALTED launchVmsa blocked 0/0',
        'linux-7.3': 'HALTED noVmsa blocked 0/0',
      },
    ],
    [
      'DESTROY before any CREATE, then userspace sets RUNNABLE',
      (id) => held(id).destroy().setRunnable(),
      {
        'part2-v4': 'RUNNABLE noVmsa FAIL_ENTRY (VMRUN with PA 0) 0/0',
        'as-reviewed': 'STOPPED noVmsa blocked 0/0',
        'part2-v5 v11': 'RUNNABLE noVmsa FAIL_ENTRY (VMRUN without VMSA) 0/0',
        'v14 linux-*': 'RUNNABLE launchVmsa inGuest 0/0',
        'linux-7.3': 'RUNNABLE noVmsa FAIL_ENTRY (no VMSA) 0/0',
      },
    ],
    [
      'the unknown request 7',
      (id) => held(id).create(V1).request(7),
      {
        'part2-v4': 'UNINITIALIZED noVmsa blocked 0/0',
        'as-reviewed linux-6.12 linux-6.17 linux-7.2': 'RUNNABLE V1 inGuest 2/5',
        'part2-v5': 'STOPPED noVmsa blocked 1/#GP',
        'v11 v14 linux-6.11': 'HALTED noVmsa blocked 2/5',
      },
    ],
    [
      'an APIC ID of no vCPU',
      (id) => held(id).create(V1).guest('ap-create', { target: 9, vmsa: V2, features: FEATURES }),
      {
        'part2-v4': 'RUNNABLE V1 inGuest 0/0',
        'as-reviewed v11 v14 linux-*': 'RUNNABLE V1 inGuest 2/5',
        'part2-v5': 'RUNNABLE V1 inGuest 1/#GP',
      },
    ],
    [
      'CREATE with a misaligned GPA',
      (id) =>
        held(id)
          .create(V1)
          .create(V2 | 0x10n),
      {
        'part2-v4': 'UNINITIALIZED noVmsa blocked 0/0',
        'as-reviewed linux-6.12 linux-6.17 linux-7.2': 'RUNNABLE V1 inGuest 2/5',
        'part2-v5': 'STOPPED noVmsa blocked 1/#GP',
        'v11 v14 linux-6.11': 'HALTED noVmsa blocked 2/5',
      },
    ],
    [
      'CREATE with a 2M-aligned GPA',
      (id) => held(id).create(V1).create(0x200000n),
      {
        'part2-*': 'RUNNABLE 0x200000 inGuest 0/0',
        'as-reviewed linux-6.12 linux-6.17 linux-7.2': 'RUNNABLE V1 inGuest 2/5',
        'v11 v14 linux-6.11': 'HALTED noVmsa blocked 2/5',
      },
    ],
    [
      'CREATE with GPA 0',
      (id) => held(id).create(V1).create(0n),
      {
        'part2-v4': 'UNINITIALIZED noVmsa blocked 0/0',
        'as-reviewed linux-6.12 linux-6.17 linux-7.2': 'RUNNABLE V1 inGuest 2/5',
        'part2-v5': 'RUNNABLE 0x0 inGuest 0/0',
        'v11 v14 linux-6.11': 'HALTED noVmsa blocked 2/5',
      },
    ],
    [
      'CREATE with a GPA beyond the memslots, after another CREATE',
      (id) => held(id).create(V1).create(BEYOND_MEMSLOTS),
      {
        'part2-*': 'RUNNABLE physicalZero FAIL_ENTRY (VMRUN with PA 0) 0/0',
        'as-reviewed': 'RUNNABLE V1 inGuest 2/5',
        'v11 v14 linux-6.11 linux-6.17': 'HALTED noVmsa blocked 0/0',
        'linux-6.12': 'RUNNABLE noVmsa FAIL_ENTRY (VMRUN without VMSA) 0/0',
        'linux-7.2': 'RUNNABLE noVmsa FAIL_ENTRY (no VMSA) 0/0',
      },
    ],
    [
      'CREATE with a GPA beyond the memslots, never another before',
      (id) => held(id).create(BEYOND_MEMSLOTS),
      {
        'part2-*': 'RUNNABLE physicalZero FAIL_ENTRY (VMRUN with PA 0) 0/0',
        'as-reviewed': 'STOPPED noVmsa INTERNAL_ERROR 0/0',
        v11: 'HALTED noVmsa blocked 0/0',
        'v14 linux-6.11 linux-6.17': 'HALTED launchVmsa blocked 0/0',
        'linux-6.12 linux-7.2': 'RUNNABLE launchVmsa inGuest 0/0',
        'linux-7.3': 'RUNNABLE noVmsa FAIL_ENTRY (no VMSA) 0/0',
      },
    ],
    [
      'CREATE with a page that cannot be had',
      (id) => held(id).create(V1).poisoned(V2).create(V2),
      {
        'part2-v4': 'UNINITIALIZED noVmsa blocked 0/0',
        'as-reviewed': 'RUNNABLE V1 inGuest 2/5',
        'part2-v5': 'STOPPED noVmsa INTERNAL_ERROR 0/0',
        'v11 v14 linux-6.11 linux-6.17': 'HALTED noVmsa blocked 0/0',
        'linux-6.12': 'RUNNABLE noVmsa FAIL_ENTRY (VMRUN without VMSA) 0/0',
        'linux-7.2': 'RUNNABLE noVmsa FAIL_ENTRY (no VMSA) 0/0',
      },
    ],
    [
      'a failed CREATE_ON_INIT',
      (id) =>
        held(id)
          .create(V1)
          .createOnInit(V2 | 0x10n),
      {
        'part2-v4': 'RUNNABLE V1 inGuest 0/0',
        'as-reviewed v11 v14 linux-*': 'RUNNABLE V1 inGuest 2/5',
        'part2-v5': 'RUNNABLE V1 inGuest 1/#GP',
      },
    ],
    [
      'a failed CREATE_ON_INIT, then INIT-SIPI',
      (id) =>
        held(id)
          .create(V1)
          .createOnInit(V2 | 0x10n)
          .initSipi(),
      {
        'part2-v4': 'RUNNABLE noVmsa FAIL_ENTRY (VMRUN with PA 0) 0/0',
        'as-reviewed linux-6.12 linux-6.17 linux-7.2': 'RUNNABLE V1 inGuest 2/5',
        'part2-v5': 'RUNNABLE noVmsa FAIL_ENTRY (VMRUN without VMSA) 1/#GP',
        'v11 v14 linux-6.11': 'RUNNABLE noVmsa FAIL_ENTRY (VMRUN without VMSA) 2/5',
      },
    ],
    [
      'CREATE of a vCPU that was never started, KVM_RUN twice',
      (id) => launched(id).runV1().create(V1).runV1(),
      {
        'part2-* as-reviewed linux-*': 'UNINITIALIZED launchVmsa -EAGAIN 0/0',
        'v11 v14': 'RUNNABLE V1 inGuest 0/0',
      },
    ],
    [
      'CREATE of a vCPU that DESTROY took offline',
      (id) => held(id).destroy().create(V1),
      {
        'part2-v4': 'UNINITIALIZED noVmsa -EINTR 0/0',
        'as-reviewed part2-v5': 'STOPPED noVmsa -EINTR 0/0',
        'v11 v14 linux-*': 'RUNNABLE V1 inGuest 0/0',
      },
    ],
    [
      'CREATE of a vCPU that DESTROY took offline, and INIT-SIPI',
      (id) => held(id).destroy().create(V1).runV1().initSipi().runV1().runV1(),
      { '*': 'RUNNABLE V1 inGuest 0/0' },
    ],
  ])('%s', (_, drive, outcomes) => {
    expect(all((id) => drive(id).outcome)).toEqual(expectations(outcomes));
  });
});

describe('linux-7.2: a VMSA page that leaves guest_memfd while it is in use is looked up again', () => {
  test.each([true, false])(
    'in a frame that is private (%s) it comes back empty, and is no VMSA',
    (isPrivate) => {
      const run = held('linux-7.2').create(V1);
      run.vmm('set-attributes', { gfn: gpaToGfn(V1), n: 1, private: isPrivate });
      run.vmm('punch-hole', { gfn: gpaToGfn(V1), n: 1 });
      expect(run.steps).toContain('page 0x121 zeroed');
      expect(run.outcome).toBe('RUNNABLE V1 FAIL_ENTRY (the RMP does not mark the page as VMSA) 0/0');
    },
  );

  test('where no page can be had for it, the steps say so, and the vCPU has no VMSA', () => {
    const run = held('linux-7.2').create(V1);
    run.act({ actor: 'inject', verb: 'allocation', args: { what: 'gmem', nth: 1 } });
    run.vmm('punch-hole', { gfn: gpaToGfn(V1), n: 1 });
    expect(run.steps).toContain('no VMSA: page gone; RUNNABLE');
    expect(run.outcome).toBe('RUNNABLE noVmsa FAIL_ENTRY (no VMSA) 0/0');
  });
});
