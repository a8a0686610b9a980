/** The page chart: one guest frame in every state of the RMP table, and everything that guest, VMM and KVM do to it. */
import { gfnToGpa } from '../../abi/address';
import { SEV_CMD_SNP_PAGE_RECLAIM } from '../../abi/firmware';
import { pageStates, type PageState } from '../../abi/rmp';
import { hex } from '../../base/hex';
import type { Act } from '../../engine/acts';
import { needsWake } from '../../engine/kvm/run/run';
import { hostPageBits } from '../../engine/memory/page-bits';
import { pageBands, pageWords } from '../../engine/page-class';
import type { World } from '../../engine/world';
import {
  always,
  axis,
  guest,
  kvm,
  vmm,
  wake,
  type EventStep,
  type Fact,
  type MatrixChart,
  type MatrixEvent,
  type MatrixState,
} from './chart';
import { isPrivate, kvmRunOutcome, rmpText } from './facts';

const CALLER = 0;
/** A page that the launch validated. */
const FRAME = 0x144;
const GPA = gfnToGpa(FRAME);
const VALUE = 0x1122334455667788n;
const FAULT_STATUS = 0x10n;
/** RMPUPDATE fails with FAIL_PERMISSION, which KVM does not retry. */
const FAULT_CODE = 2;

const noFaults = (world: World): boolean => world.faults.every(({ kind }) => kind === 'none');

const idOf = (state: PageState): string => state.toLowerCase();

/** A state of the table as a row; ordinary host memory has two, by its memory attribute. */
function rowsOf({ state, doc }: (typeof pageStates)[number]): MatrixState[] {
  const isIn = (world: World): boolean => rmpText(world, FRAME) === state && noFaults(world);
  if (state === 'Hypervisor') {
    return (['shared', 'private'] as const).map((what) => ({
      id: `${idOf(state)}-${what}`,
      title: `${state}, attribute ${what}`,
      says:
        what === 'shared'
          ? `${doc}; guest and host share the frame.`
          : `${doc}; the VMM declared the frame private, no page is assigned yet.`,
      words: what === 'shared' ? ['converted', 'unencrypted'] : ['not populated'],
      holds: (world) => isIn(world) && isPrivate(world, FRAME) === (what === 'private'),
    }));
  }
  if (state !== 'Guest-Valid') return [{ id: idOf(state), title: state, says: `${doc}.`, holds: isIn }];
  return [
    {
      id: idOf(state),
      title: state,
      says: `${doc}, and the guest relies on it.`,
      holds: (world) => isIn(world) && pageBands(world, FRAME).guest === 'guestValid',
    },
    {
      id: 'vmsa',
      title: 'Guest-Valid, VMSA',
      says: 'Private and validated, and RMPADJUST made it a VMSA.',
      holds: (world) => rmpText(world, FRAME) === 'Guest-Valid, VMSA' && noFaults(world),
    },
  ];
}

const pscEvent = (op: 'private' | 'shared' | 'psmash'): MatrixEvent => ({
  id: `psc-${op}`,
  title: op === 'psmash' ? 'PSC PSMASH' : `PSC to ${op}`,
  says: `The guest asks by the MSR protocol for ${op === 'psmash' ? 'PSMASH' : `a ${op} page`}; the VMM does what it is asked.`,
  words: ['page state change', 'convert'],
  steps: [always(guest(CALLER, 'msr-psc', { gfn: FRAME, op }))],
  answered: 'msr',
  mayChangeNothing: true,
  promise: {
    says: op === 'psmash' ? 'the operation was understood' : `the page is ${op}`,
    kept: (world) => op !== 'psmash' && isPrivate(world, FRAME) === (op === 'private'),
  },
});

const access = (what: 'read' | 'write', isPrivate: boolean): Act =>
  what === 'read'
    ? guest(CALLER, 'read', { gpa: GPA, private: isPrivate })
    : guest(CALLER, 'write', { gpa: GPA, private: isPrivate, value: VALUE });

/** An access that left for KVM before it retired is executed again. */
const again =
  (act: Act): EventStep =>
  (world) => {
    const { run, instructionFaulted } = world.vcpu(CALLER);
    return run === 'inGuest' && instructionFaulted ? act : undefined;
  };

const accessEvents: readonly MatrixEvent[] = (['read', 'write'] as const).flatMap((what) =>
  [true, false].map((isPrivate): MatrixEvent => ({
    id: `${what}-${isPrivate ? 'private' : 'shared'}`,
    title: `guest ${what}, ${isPrivate ? 'C-bit' : 'no C-bit'}`,
    says: `The guest ${what}s eight bytes ${isPrivate ? 'with' : 'without'} the C-bit.`,
    words: ['memory access', 'fault', 'MEMORY_FAULT'],
    steps: [always(access(what, isPrivate)), again(access(what, isPrivate))],
    answered: 'access',
    mayChangeNothing: true,
  })),
);

const attributes = (what: 'private' | 'shared'): MatrixEvent => ({
  id: `attributes-${what}`,
  title: `attributes: ${what}`,
  says: `The VMM calls KVM_SET_MEMORY_ATTRIBUTES, ${what}, without being asked.`,
  words: ['SET_MEMORY_ATTRIBUTES'],
  steps: [always(vmm('set-attributes', { gfn: FRAME, n: 1, private: what === 'private' }))],
  answered: 'ioctl',
  mayChangeNothing: true,
});

const events: readonly MatrixEvent[] = [
  {
    id: 'pvalidate',
    title: 'PVALIDATE',
    says: 'The guest validates the page.',
    steps: [always(guest(CALLER, 'pvalidate', { gpa: GPA }))],
    answered: 'instruction',
  },
  {
    id: 'pvalidate-rescind',
    title: 'PVALIDATE rescind',
    says: 'The guest takes its validation back.',
    steps: [always(guest(CALLER, 'pvalidate', { gpa: GPA, validate: false }))],
    answered: 'instruction',
  },
  {
    id: 'rmpadjust-vmsa',
    title: 'RMPADJUST, VMSA',
    says: 'The guest sets the VMSA attribute of the page, or clears it.',
    axes: [
      axis('vmsa', 'attribute', [
        ['set', 'set'],
        ['clear', 'cleared'],
      ]),
    ],
    steps: [(_, { vmsa }) => guest(CALLER, 'rmpadjust', { gpa: GPA, vmsa: vmsa === 'set' })],
    answered: 'instruction',
    mayChangeNothing: true,
  },
  pscEvent('private'),
  pscEvent('shared'),
  pscEvent('psmash'),
  ...accessEvents,
  attributes('private'),
  attributes('shared'),
  {
    id: 'punch-hole',
    title: 'punch hole',
    says: 'The VMM punches a hole into guest_memfd: RMPUPDATE to shared, then the page is freed.',
    words: ['discard', 'fallocate', 'RMPUPDATE'],
    steps: [always(vmm('punch-hole', { gfn: FRAME, n: 1 }))],
    answered: 'ioctl',
    mayChangeNothing: true,
  },
  {
    id: 'punch-hole-fails',
    title: 'punch hole, RMPUPDATE fails',
    says: 'The VMM punches a hole into guest_memfd, and the RMPUPDATE to shared fails.',
    words: ['discard', 'leak', 'RMPUPDATE', 'inject'],
    steps: [
      always({ actor: 'inject', verb: 'rmpupdate', args: { code: FAULT_CODE } }),
      always(vmm('punch-hole', { gfn: FRAME, n: 1 })),
    ],
    answered: 'ioctl',
    mayChangeNothing: true,
  },
  {
    id: 'pre-fault',
    title: 'pre-fault',
    says: 'The VMM calls KVM_PRE_FAULT_MEMORY: RMPUPDATE to private where no page is assigned yet.',
    words: ['RMPUPDATE'],
    steps: [always(vmm('pre-fault', { gfn: FRAME, n: 1 }))],
    answered: 'ioctl',
    mayChangeNothing: true,
  },
  {
    id: 'launch-update',
    title: 'LAUNCH_UPDATE',
    says: 'The VMM calls LAUNCH_UPDATE after LAUNCH_FINISH; a page that the firmware refuses is reclaimed.',
    words: ['reclaim', 'PAGE_RECLAIM'],
    steps: [always(vmm('launch-update', { gfn: FRAME, type: 'normal' }))],
    answered: 'command',
  },
  {
    id: 'launch-update-unreclaimed',
    title: 'LAUNCH_UPDATE, reclaim fails',
    says: 'As LAUNCH_UPDATE, and the firmware refuses PAGE_RECLAIM too.',
    words: ['reclaim', 'PAGE_RECLAIM', 'leak', 'inject'],
    steps: [
      always({
        actor: 'inject',
        verb: 'firmware',
        args: { command: BigInt(SEV_CMD_SNP_PAGE_RECLAIM), status: FAULT_STATUS },
      }),
      always(vmm('launch-update', { gfn: FRAME, type: 'normal' })),
    ],
    answered: 'command',
  },
  {
    id: 'rmpupdate',
    title: 'RMPUPDATE',
    says: 'The host executes RMPUPDATE on the private page by itself; mappings and attributes stay as they are.',
    words: ['remap', 'steal', 'host'],
    axes: [
      axis('to', 'to', [
        ['shared', 'shared'],
        ['private', 'private'],
        ['pre-guest', 'Pre-Guest'],
      ]),
    ],
    steps: [
      (_, { to }) =>
        kvm('rmpupdate', { gfn: FRAME, to: to === 'private' || to === 'pre-guest' ? to : 'shared' }),
    ],
    answered: 'kernel',
    mayChangeNothing: true,
  },
  {
    id: 'host-write',
    title: 'host write',
    says: 'The host writes eight bytes to the private page.',
    words: ['RMP fault', 'oops', 'store'],
    steps: [always(kvm('host-write', { gfn: FRAME, value: VALUE }))],
    answered: 'kernel',
    mayChangeNothing: true,
  },
  {
    id: 'reclaim',
    title: 'PAGE_RECLAIM',
    says: 'The host executes the firmware command SNP_PAGE_RECLAIM on the private page.',
    words: ['firmware', 'immutable'],
    steps: [always(kvm('reclaim', { gfn: FRAME }))],
    answered: 'kernel',
    mayChangeNothing: true,
  },
];

const facts: readonly Fact[] = [
  { id: 'rmp', title: 'RMP entry', counts: true, of: (world) => rmpText(world, FRAME) },
  {
    id: 'attribute',
    title: 'KVM takes it for',
    counts: true,
    of: (world) => (isPrivate(world, FRAME) ? 'private' : 'shared'),
  },
  { id: 'guest', title: 'guest believes', counts: false, of: (world) => pageBands(world, FRAME).guest },
  {
    id: 'seam',
    title: 'views differ',
    counts: false,
    of: (world) => (pageBands(world, FRAME).seam ? 'yes' : 'no'),
  },
  {
    id: 'backing',
    title: 'page in guest_memfd',
    counts: true,
    of: (world) => (pageWords(world, FRAME).hostPage & hostPageBits.present ? 'present' : 'none'),
  },
  { id: 'leaked', title: 'pages leaked', counts: true, of: ({ host }) => String(host.leakedPages) },
  { id: 'health', title: 'VM', counts: true, of: ({ vm }) => vm.health },
  { id: 'exit', title: 'kvm_run', counts: false, of: (world) => kvmRunOutcome(world, CALLER) },
];

function roam(world: World): readonly Act[] {
  // A VM that was marked bugged: its vCPU is on the way out of the guest.
  if (needsWake(world, CALLER)) return [wake(CALLER)];
  const injected: readonly Act[] = noFaults(world)
    ? [
        {
          actor: 'inject',
          verb: 'firmware',
          args: { command: BigInt(SEV_CMD_SNP_PAGE_RECLAIM), status: FAULT_STATUS },
        },
        { actor: 'inject', verb: 'rmpupdate', args: { nth: 2, code: FAULT_CODE } },
      ]
    : [];
  return [
    guest(CALLER, 'msr-psc', { gfn: FRAME, op: 'shared' }),
    guest(CALLER, 'msr-psc', { gfn: FRAME, op: 'private' }),
    guest(CALLER, 'pvalidate', { gpa: GPA, validate: false }),
    guest(CALLER, 'pvalidate', { gpa: GPA }),
    guest(CALLER, 'make-vmsa', { gpa: GPA }),
    guest(CALLER, 'read', { gpa: GPA, private: true }),
    vmm('punch-hole', { gfn: FRAME, n: 1 }),
    vmm('set-attributes', { gfn: FRAME, n: 1, private: false }),
    vmm('set-attributes', { gfn: FRAME, n: 1, private: true }),
    vmm('launch-update', { gfn: FRAME, type: 'normal' }),
    ...injected,
  ];
}

/** The guest reads the page according to its own view; it does not access a page that it knows to be invalid. */
const readAsBelieved: EventStep = (world) => {
  const { guest: view } = pageBands(world, FRAME);
  if (world.vcpu(CALLER).run !== 'inGuest' || view === 'none' || view === 'guestInvalid') return undefined;
  return access('read', view !== 'shared');
};
const readAgain: EventStep = (world, choice) =>
  world.vcpu(CALLER).instructionFaulted ? readAsBelieved(world, choice) : undefined;

export const pageMatrix: MatrixChart = {
  id: 'page',
  title: 'Page',
  says: `Frame ${hex(FRAME)} of a launched guest; a VMM that does what it is asked.`,
  vm: { vcpus: 1, memory: 4 << 20, flash: 0, maxphyaddr: 48 },
  host: 'historical-vmgexit',
  launched: true,
  root: [],
  roam,
  states: pageStates.flatMap(rowsOf),
  events,
  facts,
  caller: CALLER,
  target: CALLER,
  ahead: [readAsBelieved, readAgain],
};
