/** The states that a target vCPU can be in. */
import type { Vcpu } from '../../engine/state/vcpu';
import { NO_GPA, type World } from '../../engine/world';
import { axis, type Axis, type MatrixState } from './chart';
import { createWaits, destroy, destroyWaits, target, TARGET } from './vcpu-target';

const vmsaAxis = axis('vmsa', 'VMCB names', [
  ['launchVmsa', 'its launch VMSA'],
  ['guestVmsa', 'a guest VMSA'],
]);
const mpStateAxis = (...values: readonly Vcpu['mpState'][]): Axis =>
  axis(
    'mp',
    'target mp_state',
    values.map((value) => [value, value]),
  );

/** No DESTROY on the way: it may leave a state that looks like another one. */
const wasDestroyed = (world: World): boolean => world.vcpuHistory[TARGET]?.destroyed ?? false;
/** Nothing is pending for the target, and its VMCB names the VMSA of the axis. */
const atPeace = (world: World, vmsa: string | undefined): boolean =>
  target(world).creation === 'noneWaiting' && target(world).vmsa === vmsa && !wasDestroyed(world);

export const vcpuStates: readonly MatrixState[] = [
  {
    id: 'never-run',
    title: 'never run',
    says: 'Created before LAUNCH_FINISH; no INIT, no SIPI and no AP creation request ever came.',
    words: ['uninitialized', 'cold'],
    holds: (world) =>
      target(world).mpState === 'UNINITIALIZED' &&
      !target(world).receivedFirstSipi &&
      atPeace(world, 'launchVmsa'),
  },
  {
    id: 'created-on-init',
    title: 'created-on-init',
    says: 'CREATE_ON_INIT was accepted: a VMSA waits for the next INIT.',
    words: ['armed', 'pending', 'waiting for INIT'],
    axes: [mpStateAxis('AP_RESET_HOLD', 'UNINITIALIZED', 'RUNNABLE', 'HALTED', 'INIT_RECEIVED')],
    holds: (world, { mp }) =>
      target(world).creation === 'createdOnInit' &&
      target(world).pendingVmsaGpa !== NO_GPA &&
      target(world).mpState === mp &&
      !wasDestroyed(world),
  },
  {
    id: 'update-pending',
    title: 'update pending',
    says: 'CREATE was accepted; the target was kicked and has not served the request yet.',
    words: ['created', 'waiting', 'request', 'race'],
    axes: [mpStateAxis('RUNNABLE', 'UNINITIALIZED', 'AP_RESET_HOLD', 'HALTED', 'INIT_RECEIVED')],
    heldBack: true,
    holds: (world, { mp }) =>
      createWaits.includes(target(world).creation) && target(world).mpState === mp && !wasDestroyed(world),
  },
  {
    id: 'destroy-pending',
    title: 'DESTROY pending',
    says: 'DESTROY was accepted; the target was kicked and has not served the request yet.',
    words: ['waiting', 'request', 'race'],
    axes: [mpStateAxis('RUNNABLE', 'UNINITIALIZED', 'AP_RESET_HOLD', 'HALTED', 'INIT_RECEIVED')],
    heldBack: true,
    holds: (world, { mp }) => destroyWaits.includes(target(world).creation) && target(world).mpState === mp,
  },
  {
    id: 'on-launch-vmsa',
    title: 'on its launch VMSA',
    says: 'Started by INIT and SIPI on the VMSA that LAUNCH_FINISH measured.',
    words: ['running', 'runnable'],
    holds: (world) => target(world).run === 'inGuest' && atPeace(world, 'launchVmsa'),
  },
  {
    id: 'on-guest-vmsa',
    title: 'on its guest VMSA',
    says: 'Runs on a VMSA that the guest passed by AP creation.',
    words: ['running', 'runnable', 'created'],
    holds: (world) => target(world).run === 'inGuest' && atPeace(world, 'guestVmsa'),
  },
  {
    id: 'halted',
    title: 'halted',
    says: 'Executed HLT and sleeps.',
    words: ['HLT'],
    axes: [vmsaAxis],
    holds: (world, { vmsa }) => target(world).mpState === 'HALTED' && atPeace(world, vmsa),
  },
  {
    id: 'ap-reset-hold',
    title: 'in AP reset hold',
    says: 'Asked KVM to hold it until the next SIPI.',
    words: ['parked'],
    axes: [
      vmsaAxis,
      axis('form', 'asked by', [
        ['msr', 'MSR protocol'],
        ['nae', 'GHCB page'],
      ]),
    ],
    holds: (world, { vmsa, form }) =>
      target(world).mpState === 'AP_RESET_HOLD' && target(world).holdType === form && atPeace(world, vmsa),
  },
  {
    id: 'init-received',
    title: 'INIT received',
    says: 'Took an INIT and waits for SIPI.',
    axes: [vmsaAxis],
    holds: (world, { vmsa }) => target(world).mpState === 'INIT_RECEIVED' && atPeace(world, vmsa),
  },
  {
    id: 'destroyed',
    title: 'destroyed',
    says: 'Ran on a guest VMSA; then DESTROY was accepted and served.',
    words: ['offline', 'stopped'],
    after: { state: 'on-guest-vmsa', act: destroy },
    holds: (world) => target(world).mpState !== 'RUNNABLE' && target(world).creation === 'noneWaiting',
  },
  {
    id: 'destroyed-launch',
    title: 'destroyed, never CREATEd',
    says: 'Ran on its launch VMSA and never had another; then DESTROY was accepted and served.',
    words: ['offline', 'stopped', 'never created'],
    after: { state: 'on-launch-vmsa', act: destroy },
    holds: (world) => target(world).mpState !== 'RUNNABLE' && target(world).creation === 'noneWaiting',
  },
];
