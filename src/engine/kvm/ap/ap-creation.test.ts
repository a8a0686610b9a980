/** AP creation as each generation had it, driven by acts and seen from outside. */
import { describe, expect, test } from 'vitest';
import type { ProfileId } from '../../../profiles/profiles';
import {
  all,
  BEYOND_MEMSLOTS,
  FEATURES,
  held,
  launched,
  rows,
  V1,
  V2,
  type ApRun,
} from '../../../testing/engine/test-ap-run';

describe('AP creation as each generation had it: mp_state, VMSA, thread of the target, reply', () => {
  test.each<[string, (id: ProfileId) => ApRun, readonly string[]]>([
    [
      'CREATE twice: the second replaces the first or is rejected',
      (id) => held(id).create(V1).create(V2),
      [
        'RUNNABLE V2 inGuest 0/0',
        'RUNNABLE V1 inGuest 2/5',
        'RUNNABLE V2 inGuest 0/0',
        '=',
        '=',
        '=',
        '=',
        '=',
        '=',
      ],
    ],
    [
      'CREATE_ON_INIT, CREATE, INIT-SIPI',
      (id) => held(id).createOnInit(V1).create(V2).initSipi(),
      [
        'RUNNABLE V2 inGuest 0/0',
        'RUNNABLE V1 inGuest 2/5',
        'RUNNABLE V2 inGuest 0/0',
        '=',
        '=',
        '=',
        '=',
        '=',
        '=',
      ],
    ],
    [
      'DESTROY, then INIT-SIPI',
      (id) => held(id).create(V1).destroy().initSipi(),
      [
        'RUNNABLE noVmsa FAIL_ENTRY (VMRUN with PA 0) 0/0',
        'STOPPED noVmsa -EINTR 0/0',
        'RUNNABLE noVmsa FAIL_ENTRY (VMRUN without VMSA) 0/0',
        '=',
        '=',
        '=',
        '=',
        'RUNNABLE noVmsa FAIL_ENTRY (no VMSA) 0/0',
        '=',
      ],
    ],
    [
      'DESTROY, then userspace sets RUNNABLE',
      (id) => held(id).create(V1).destroy().setRunnable(),
      [
        'RUNNABLE noVmsa FAIL_ENTRY (VMRUN with PA 0) 0/0',
        'STOPPED noVmsa blocked 0/0',
        'RUNNABLE noVmsa FAIL_ENTRY (VMRUN without VMSA) 0/0',
        '=',
        '=',
        '=',
        '=',
        'RUNNABLE noVmsa FAIL_ENTRY (no VMSA) 0/0',
        '=',
      ],
    ],
    [
      'CREATE with an injection mode toggled',
      (id) =>
        held(id)
          .create(V1)
          .create(V2, FEATURES | 8n),
      [
        'UNINITIALIZED noVmsa blocked 0/0',
        'RUNNABLE V1 inGuest 2/5',
        'STOPPED noVmsa blocked 1/#GP',
        'HALTED noVmsa blocked 2/5',
        '=',
        '=',
        'RUNNABLE V1 inGuest 2/5',
        '=',
        '=',
      ],
    ],
    [
      'the first CREATE, with DEBUG_SWAP toggled',
      (id) => held(id).create(V1, FEATURES | 0x20n),
      ['RUNNABLE V1 inGuest 0/0', '=', '=', '=', '=', '=', '=', 'AP_RESET_HOLD launchVmsa blocked 2/5', '='],
    ],
    [
      'a second CREATE, with DEBUG_SWAP toggled',
      (id) =>
        held(id)
          .create(V1)
          .create(V2, FEATURES | 0x20n),
      [
        'RUNNABLE V2 inGuest 0/0',
        'RUNNABLE V1 inGuest 2/5',
        'RUNNABLE V2 inGuest 0/0',
        '=',
        '=',
        '=',
        '=',
        'RUNNABLE V1 inGuest 2/5',
        '=',
      ],
    ],
    [
      'CREATE_ON_INIT with an injection mode toggled',
      (id) =>
        held(id)
          .create(V1)
          .createOnInit(V2, FEATURES | 8n),
      [
        'UNINITIALIZED noVmsa blocked 0/0',
        'RUNNABLE V1 inGuest 2/5',
        'STOPPED noVmsa blocked 1/#GP',
        'HALTED noVmsa blocked 2/5',
        '=',
        '=',
        'RUNNABLE V1 inGuest 2/5',
        '=',
        '=',
      ],
    ],
    [
      'DESTROY before any CREATE',
      (id) => held(id).destroy(),
      [
        'UNINITIALIZED noVmsa blocked 0/0',
        'STOPPED noVmsa blocked 0/0',
        '=',
        'HALTED noVmsa blocked 0/0',
        'HALTED launchVmsa blocked 0/0',
        '=',
        '=',
        '=',
        '=',
      ],
    ],
    [
      'DESTROY before any CREATE, then userspace sets RUNNABLE',
      (id) => held(id).destroy().setRunnable(),
      [
        'RUNNABLE noVmsa FAIL_ENTRY (VMRUN with PA 0) 0/0',
        'STOPPED noVmsa blocked 0/0',
        'RUNNABLE noVmsa FAIL_ENTRY (VMRUN without VMSA) 0/0',
        '=',
        'RUNNABLE launchVmsa inGuest 0/0',
        '=',
        '=',
        '=',
        '=',
      ],
    ],
    [
      'the unknown request 7',
      (id) => held(id).create(V1).request(7),
      [
        'UNINITIALIZED noVmsa blocked 0/0',
        'RUNNABLE V1 inGuest 2/5',
        'STOPPED noVmsa blocked 1/#GP',
        'HALTED noVmsa blocked 2/5',
        '=',
        '=',
        'RUNNABLE V1 inGuest 2/5',
        '=',
        '=',
      ],
    ],
    [
      'an APIC ID of no vCPU',
      (id) => held(id).create(V1).guest('ap-create', { target: 9, vmsa: V2, features: FEATURES }),
      [
        'RUNNABLE V1 inGuest 0/0',
        'RUNNABLE V1 inGuest 2/5',
        'RUNNABLE V1 inGuest 1/#GP',
        'RUNNABLE V1 inGuest 2/5',
        '=',
        '=',
        '=',
        '=',
        '=',
      ],
    ],
    [
      'CREATE with a misaligned GPA',
      (id) =>
        held(id)
          .create(V1)
          .create(V2 | 0x10n),
      [
        'UNINITIALIZED noVmsa blocked 0/0',
        'RUNNABLE V1 inGuest 2/5',
        'STOPPED noVmsa blocked 1/#GP',
        'HALTED noVmsa blocked 2/5',
        '=',
        '=',
        'RUNNABLE V1 inGuest 2/5',
        '=',
        '=',
      ],
    ],
    [
      'CREATE with a 2M-aligned GPA',
      (id) => held(id).create(V1).create(0x200000n),
      [
        'RUNNABLE 0x200000 inGuest 0/0',
        'RUNNABLE V1 inGuest 2/5',
        'RUNNABLE 0x200000 inGuest 0/0',
        'HALTED noVmsa blocked 2/5',
        '=',
        '=',
        'RUNNABLE V1 inGuest 2/5',
        '=',
        '=',
      ],
    ],
    [
      'CREATE with GPA 0',
      (id) => held(id).create(V1).create(0n),
      [
        'UNINITIALIZED noVmsa blocked 0/0',
        'RUNNABLE V1 inGuest 2/5',
        'RUNNABLE 0x0 inGuest 0/0',
        'HALTED noVmsa blocked 2/5',
        '=',
        '=',
        'RUNNABLE V1 inGuest 2/5',
        '=',
        '=',
      ],
    ],
    [
      'CREATE with a GPA beyond the memslots, after another CREATE',
      (id) => held(id).create(V1).create(BEYOND_MEMSLOTS),
      [
        'RUNNABLE physicalZero FAIL_ENTRY (VMRUN with PA 0) 0/0',
        'RUNNABLE V1 inGuest 2/5',
        'RUNNABLE physicalZero FAIL_ENTRY (VMRUN with PA 0) 0/0',
        'HALTED noVmsa blocked 0/0',
        '=',
        '=',
        'RUNNABLE noVmsa FAIL_ENTRY (VMRUN without VMSA) 0/0',
        'HALTED noVmsa blocked 0/0',
        'RUNNABLE noVmsa FAIL_ENTRY (no VMSA) 0/0',
      ],
    ],
    [
      'CREATE with a GPA beyond the memslots, never another before',
      (id) => held(id).create(BEYOND_MEMSLOTS),
      [
        'RUNNABLE physicalZero FAIL_ENTRY (VMRUN with PA 0) 0/0',
        'STOPPED noVmsa INTERNAL_ERROR 0/0',
        'RUNNABLE physicalZero FAIL_ENTRY (VMRUN with PA 0) 0/0',
        'HALTED noVmsa blocked 0/0',
        'HALTED launchVmsa blocked 0/0',
        '=',
        'RUNNABLE launchVmsa inGuest 0/0',
        'HALTED launchVmsa blocked 0/0',
        'RUNNABLE launchVmsa inGuest 0/0',
      ],
    ],
    [
      'CREATE with a page that cannot be had',
      (id) => held(id).create(V1).poisoned(V2).create(V2),
      [
        'UNINITIALIZED noVmsa blocked 0/0',
        'RUNNABLE V1 inGuest 2/5',
        'STOPPED noVmsa INTERNAL_ERROR 0/0',
        'HALTED noVmsa blocked 0/0',
        '=',
        '=',
        'RUNNABLE noVmsa FAIL_ENTRY (VMRUN without VMSA) 0/0',
        'HALTED noVmsa blocked 0/0',
        'RUNNABLE noVmsa FAIL_ENTRY (no VMSA) 0/0',
      ],
    ],
    [
      'a failed CREATE_ON_INIT',
      (id) =>
        held(id)
          .create(V1)
          .createOnInit(V2 | 0x10n),
      [
        'RUNNABLE V1 inGuest 0/0',
        'RUNNABLE V1 inGuest 2/5',
        'RUNNABLE V1 inGuest 1/#GP',
        'RUNNABLE V1 inGuest 2/5',
        '=',
        '=',
        '=',
        '=',
        '=',
      ],
    ],
    [
      'a failed CREATE_ON_INIT, then INIT-SIPI',
      (id) =>
        held(id)
          .create(V1)
          .createOnInit(V2 | 0x10n)
          .initSipi(),
      [
        'RUNNABLE noVmsa FAIL_ENTRY (VMRUN with PA 0) 0/0',
        'RUNNABLE V1 inGuest 2/5',
        'RUNNABLE noVmsa FAIL_ENTRY (VMRUN without VMSA) 1/#GP',
        'RUNNABLE noVmsa FAIL_ENTRY (VMRUN without VMSA) 2/5',
        '=',
        '=',
        'RUNNABLE V1 inGuest 2/5',
        '=',
        '=',
      ],
    ],
    [
      'CREATE of a vCPU that was never started, KVM_RUN twice',
      (id) => launched(id).runV1().create(V1).runV1(),
      [
        'UNINITIALIZED launchVmsa -EAGAIN 0/0',
        '=',
        '=',
        'RUNNABLE V1 inGuest 0/0',
        '=',
        'UNINITIALIZED launchVmsa -EAGAIN 0/0',
        '=',
        '=',
        '=',
      ],
    ],
    [
      'CREATE of a vCPU that DESTROY took offline',
      (id) => held(id).destroy().create(V1),
      [
        'UNINITIALIZED noVmsa -EINTR 0/0',
        'STOPPED noVmsa -EINTR 0/0',
        '=',
        'RUNNABLE V1 inGuest 0/0',
        '=',
        '=',
        '=',
        '=',
        '=',
      ],
    ],
    [
      'CREATE of a vCPU that DESTROY took offline, and INIT-SIPI',
      (id) => held(id).destroy().create(V1).runV1().initSipi().runV1().runV1(),
      ['RUNNABLE V1 inGuest 0/0', '=', '=', '=', '=', '=', '=', '=', '='],
    ],
  ])('%s', (_, drive, outcomes) => {
    expect(all((id) => drive(id).outcome)).toEqual(rows(...outcomes));
  });
});
