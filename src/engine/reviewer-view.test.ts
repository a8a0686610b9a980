import { expect, test } from 'vitest';
import { reviewerView, type ReviewedVcpu } from './reviewer-view';
import { NO_GPA } from './world';

const waiting = 0x121000n;

test.each<[string, ReviewedVcpu['mpState'], ReviewedVcpu['creation'], ReviewedVcpu['vmsa'], bigint, string]>([
  ['never started', 'UNINITIALIZED', 'noneWaiting', 'launchVmsa', NO_GPA, 'UNINITIALIZED'],
  ['INIT seen, no SIPI yet', 'INIT_RECEIVED', 'noneWaiting', 'launchVmsa', NO_GPA, 'UNINITIALIZED'],
  ['the boot CPU', 'RUNNABLE', 'noneWaiting', 'launchVmsa', NO_GPA, 'RUNNABLE'],
  ['asleep in HLT', 'HALTED', 'noneWaiting', 'guestVmsa', NO_GPA, 'RUNNABLE'],
  ['asleep in AP reset hold', 'AP_RESET_HOLD', 'noneWaiting', 'launchVmsa', NO_GPA, 'RUNNABLE'],
  ['CREATE_ON_INIT waits', 'UNINITIALIZED', 'createdOnInit', 'launchVmsa', waiting, 'created-on-init'],
  ['CREATE waits just the same', 'RUNNABLE', 'updatePending', 'guestVmsa', waiting, 'created-on-init'],
  [
    'DESTROY waits: no address, nothing created',
    'RUNNABLE',
    'destroyPending',
    'guestVmsa',
    NO_GPA,
    'RUNNABLE',
  ],
  ['CREATE waits, and no INIT may take it', 'RUNNABLE', 'updateUnarmed', 'guestVmsa', waiting, 'RUNNABLE'],
  ['DESTROY waits, its word is 0', 'RUNNABLE', 'destroyPending', 'guestVmsa', 0n, 'RUNNABLE'],
  ['DESTROY done, parked as never started', 'UNINITIALIZED', 'noneWaiting', 'noVmsa', 0n, 'STOPPED'],
  ['mp_state is a number of no x86 state', 'OTHER', 'noneWaiting', 'launchVmsa', NO_GPA, 'STOPPED'],
  ['DESTROY done, parked as halted', 'HALTED', 'noneWaiting', 'noVmsa', NO_GPA, 'STOPPED'],
  ['DESTROY done, parked as stopped', 'STOPPED', 'noneWaiting', 'launchVmsa', NO_GPA, 'STOPPED'],
])('%s: mp_state %s, creation %s, VMSA %s', (_, mpState, creation, vmsa, pendingVmsaGpa, expected) => {
  const view = reviewerView({ exists: true, mpState, creation, vmsa, pendingVmsaGpa });
  expect(view.state).toBe(expected);
  expect(view.because.length).toBeGreaterThan(0);
});

test('a vCPU that was never created has no state', () => {
  const vcpu = {
    mpState: 'UNINITIALIZED',
    creation: 'noneWaiting',
    vmsa: 'launchVmsa',
    pendingVmsaGpa: NO_GPA,
  } as const;
  expect(reviewerView({ exists: false, ...vcpu }).state).toBe('not created');
});
