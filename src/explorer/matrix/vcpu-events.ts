/** The events of a vCPU. */
import { gpaToGfn } from '../../abi/address';
import { x86MpStates } from '../../abi/mp-state';
import {
  apInfo1,
  SVM_VMGEXIT_AP_CREATE,
  SVM_VMGEXIT_AP_CREATE_ON_INIT,
  SVM_VMGEXIT_AP_DESTROY,
} from '../../abi/ap-creation';
import { SVM_VMGEXIT_AP_CREATION } from '../../abi/nae';
import type { Act } from '../../engine/acts';
import { NO_GPA, type World } from '../../engine/world';
import { always, axis, guest, vmm, type Choice, type EventStep, type MatrixEvent } from './chart';
import {
  BEYOND_SLOTS,
  CALLER,
  destroy,
  destroyWaits,
  FIRST_VMSA,
  PLAIN_PAGE,
  runAgain,
  SECOND_VMSA,
  target,
  TARGET,
  TWO_MEG_VMSA,
  UNKNOWN_APIC_ID,
} from './vcpu-target';

type ApVerb = 'ap-create' | 'ap-create-on-init';

/** The bit of SEV_FEATURES in which a request differs from what KVM gave the VM. */
const wrongBit = axis('bit', 'wrong bit', [
  ['3', '3, restricted injection'],
  ['4', '4, alternate injection'],
  ['5', '5, debug swap'],
  ['0', '0, SNP active'],
]);
const withWrongBit =
  (verb: ApVerb): EventStep =>
  (world, { bit }) =>
    guest(CALLER, verb, {
      target: TARGET,
      vmsa: SECOND_VMSA,
      features: world.vm.vmsaFeatures ^ (1n << BigInt(bit ?? 3)),
    });
const withVmsa =
  (verb: ApVerb, vmsa: bigint): EventStep =>
  () =>
    guest(CALLER, verb, { target: TARGET, vmsa });

/** The target runs on the VMSA of the request. */
const runsOn = (vmsa: bigint) => ({
  says: 'the target runs on the VMSA of the request',
  kept: (world: World) =>
    target(world).vmsa === 'guestVmsa' &&
    target(world).guestVmsaGpa === vmsa &&
    target(world).run === 'inGuest',
});
const waitsForInit = (vmsa: bigint) => ({
  says: 'the VMSA of the request waits for the next INIT',
  kept: (world: World) => target(world).pendingVmsaGpa === vmsa,
});

/** The promise of a request, and the acts before it can be observed. */
interface Hope {
  readonly promise: typeof runsOn;
  readonly ahead: readonly EventStep[];
}
const hopes: Readonly<Record<ApVerb, Hope>> = {
  'ap-create': { promise: runsOn, ahead: [runAgain] },
  'ap-create-on-init': {
    promise: waitsForInit,
    ahead: [
      always(guest(CALLER, 'init', { target: TARGET })),
      always(guest(CALLER, 'sipi', { target: TARGET })),
      runAgain,
    ],
  },
};

const createTitle = { 'ap-create': 'CREATE', 'ap-create-on-init': 'CREATE_ON_INIT' } as const;

interface Wrong {
  readonly id: string;
  readonly title: string;
  readonly says: string;
  readonly vmsa: bigint;
  readonly words: readonly string[];
}
const wrongPages: readonly Wrong[] = [
  {
    id: 'misaligned',
    title: 'misaligned',
    says: 'The VMSA address is 16 bytes off a page boundary.',
    vmsa: SECOND_VMSA | 0x10n,
    words: ['alignment', 'unaligned'],
  },
  {
    id: '2m',
    title: '2 MiB VMSA',
    says: 'The VMSA page is a good one, but starts a 2 MiB page.',
    vmsa: TWO_MEG_VMSA,
    words: ['2M', 'aligned', 'erratum'],
  },
  {
    id: 'gpa-0',
    title: 'GPA 0',
    says: 'The VMSA address is 0.',
    vmsa: 0n,
    words: ['zero', 'null'],
  },
  {
    id: 'beyond',
    title: 'beyond the slots',
    says: 'No memory slot holds the VMSA address.',
    vmsa: BEYOND_SLOTS,
    words: ['memslot', 'outside'],
  },
  {
    id: 'no-vmsa',
    title: 'page is no VMSA',
    says: 'The page is private and valid; no RMPADJUST made it a VMSA.',
    vmsa: PLAIN_PAGE,
    words: ['RMPADJUST', 'plain'],
  },
];

const good = (verb: ApVerb): MatrixEvent => ({
  id: verb,
  title: createTitle[verb],
  says: `${createTitle[verb]} with the right features and a VMSA page made by RMPADJUST.`,
  words: ['create', 'good'],
  steps: [withVmsa(verb, SECOND_VMSA)],
  answered: 'nae',
  promise: hopes[verb].promise(SECOND_VMSA),
  ahead: hopes[verb].ahead,
});

const createEvents: readonly MatrixEvent[] = [
  good('ap-create'),
  {
    id: 'ap-create-features',
    title: 'CREATE, wrong features',
    says: 'SEV_FEATURES in RAX differ in one bit from what KVM gave the VM.',
    words: ['create', 'SEV_FEATURES', 'bad'],
    axes: [wrongBit],
    steps: [withWrongBit('ap-create')],
    answered: 'nae',
    promise: runsOn(SECOND_VMSA),
  },
  ...wrongPages.map(({ id, title, says, vmsa, words }): MatrixEvent => ({
    id: `ap-create-${id}`,
    title: `CREATE, ${title}`,
    says,
    words: ['create', 'bad', ...words],
    steps: [withVmsa('ap-create', vmsa)],
    answered: 'nae',
    promise: runsOn(vmsa),
  })),
];

const wrongVmsaOf = ({ wrong }: Choice): bigint =>
  wrongPages.find(({ id }) => id === wrong)?.vmsa ?? SECOND_VMSA;

const createOnInitEvents: readonly MatrixEvent[] = [
  good('ap-create-on-init'),
  {
    id: 'ap-create-on-init-bad',
    title: 'CREATE_ON_INIT, bad',
    says: 'CREATE_ON_INIT with one thing wrong.',
    words: ['create', 'bad', 'features', 'misaligned', 'landmine'],
    axes: [
      axis('wrong', 'wrong', [
        ['misaligned', 'misaligned VMSA'],
        ['features', 'features'],
        ...wrongPages.slice(1).map(({ id, title }): [string, string] => [id, title]),
      ]),
    ],
    steps: [
      (world, choice) =>
        choice['wrong'] === 'features'
          ? withWrongBit('ap-create-on-init')(world, {})
          : withVmsa('ap-create-on-init', wrongVmsaOf(choice))(world, {}),
    ],
    answered: 'nae',
    promise: {
      says: 'the VMSA of the request waits for the next INIT',
      kept: (world, choice) => target(world).pendingVmsaGpa === wrongVmsaOf(choice),
    },
    ahead: hopes['ap-create-on-init'].ahead,
  },
];

const raw = (request: number, apicId: number): Act =>
  guest(CALLER, 'nae', {
    code: BigInt(SVM_VMGEXIT_AP_CREATION),
    info1: apInfo1.encode({ apicId, request }),
    info2: SECOND_VMSA,
  });

const badRequests: readonly MatrixEvent[] = [
  {
    id: 'ap-unknown-request',
    title: 'unknown request',
    says: 'An AP creation request with a number that GHCB does not define.',
    words: ['AP creation', 'bad'],
    axes: [
      axis('request', 'request', [
        ['7', '7'],
        ['3', '3'],
      ]),
    ],
    steps: [
      (world, { request }) =>
        guest(CALLER, 'nae', {
          code: BigInt(SVM_VMGEXIT_AP_CREATION),
          info1: apInfo1.encode({ apicId: TARGET, request: Number(request) }),
          info2: SECOND_VMSA,
          rax: world.vm.vmsaFeatures,
        }),
    ],
    answered: 'nae',
    promise: { says: 'the request was understood', kept: () => false },
  },
  {
    id: 'ap-unknown-apic',
    title: 'unknown APIC id',
    says: 'An AP creation request for an APIC id that no vCPU of this VM has.',
    words: ['AP creation', 'bad'],
    axes: [
      axis('request', 'request', [
        ['1', 'CREATE'],
        ['0', 'CREATE_ON_INIT'],
        ['2', 'DESTROY'],
      ]),
    ],
    steps: [
      (world, { request }) => {
        const args = { target: UNKNOWN_APIC_ID, vmsa: SECOND_VMSA };
        if (Number(request) === SVM_VMGEXIT_AP_CREATE_ON_INIT)
          return guest(CALLER, 'ap-create-on-init', args);
        if (Number(request) === SVM_VMGEXIT_AP_CREATE) return guest(CALLER, 'ap-create', args);
        return raw(SVM_VMGEXIT_AP_DESTROY, UNKNOWN_APIC_ID);
      },
    ],
    answered: 'nae',
    promise: { says: 'some vCPU was created or destroyed', kept: () => false },
  },
];

/** A thread in KVM_RUN is interrupted by a signal, as a VMM does before it uses an ioctl of the vCPU. */
const takeOut: EventStep = (world) =>
  target(world).run === 'inUserspace' ? undefined : vmm('signal', { vcpu: TARGET });

const setMpState = (state: (typeof x86MpStates)[number]): MatrixEvent => ({
  id: `set-mp-state-${state.toLowerCase().replaceAll('_', '-')}`,
  title: `mp_state ${state}`,
  says: `KVM_SET_MP_STATE(${state}); a thread in KVM_RUN is signalled out of it first.`,
  words: ['SET_MP_STATE', 'ioctl'],
  steps: [takeOut, always(vmm('set-mp-state', { vcpu: TARGET, state }))],
  answered: 'ioctl',
  mayChangeNothing: true,
});

/** The VMSA page that is in use or pending; else the page that an AP creation would name. */
const punchedGpa = (world: World): bigint => {
  const { pendingVmsaGpa, guestVmsaGpa } = target(world);
  const used = guestVmsaGpa === NO_GPA ? pendingVmsaGpa : guestVmsaGpa;
  return used === NO_GPA || used === 0n ? FIRST_VMSA : used;
};

export const vcpuEvents: readonly MatrixEvent[] = [
  ...createEvents,
  ...createOnInitEvents,
  {
    id: 'ap-destroy',
    title: 'DESTROY',
    says: 'DESTROY of the target.',
    words: ['AP destroy', 'offline'],
    axes: [
      axis('rax', 'RAX', [
        ['valid', 'valid, the features of the VM'],
        ['missing', 'not valid, as Linux does it'],
      ]),
    ],
    steps: [
      (world, { rax }) =>
        rax === 'missing' ? guest(CALLER, 'ap-destroy', { target: TARGET }) : destroy(world),
    ],
    answered: 'nae',
    promise: {
      says: 'the VMCB of the target names no VMSA any more, or the request waits',
      kept: (world) =>
        target(world).vmsa === 'noVmsa' || [...destroyWaits, 'destroyArmed'].includes(target(world).creation),
    },
  },
  ...badRequests,
  {
    id: 'init',
    title: 'INIT',
    says: 'INIT through the local APIC.',
    steps: [always(guest(CALLER, 'init', { target: TARGET }))],
    answered: 'nobody',
  },
  {
    id: 'sipi',
    title: 'SIPI',
    says: 'SIPI through the local APIC.',
    words: ['startup'],
    steps: [always(guest(CALLER, 'sipi', { target: TARGET }))],
    answered: 'nobody',
  },
  {
    id: 'nmi',
    title: 'NMI',
    says: 'An NMI, which is a wake event.',
    steps: [always(guest(CALLER, 'nmi', { target: TARGET }))],
    answered: 'nobody',
  },
  ...x86MpStates.map(setMpState),
  {
    id: 'kvm-run',
    title: 'KVM_RUN',
    says: 'KVM_RUN; a thread that is in KVM_RUN already is signalled out of it first.',
    words: ['enter', 'VMRUN'],
    steps: [takeOut, always(vmm('run', { vcpu: TARGET }))],
    answered: 'run',
    mayChangeNothing: true,
  },
  {
    id: 'punch-vmsa',
    title: 'punch VMSA',
    says: "The VMM punches a hole into guest_memfd where the VMSA page lies: the one in use, else the one that waits, else the guest's first.",
    words: ['hole', 'guest_memfd', 'fallocate', 'discard'],
    steps: [(world) => vmm('punch-hole', { gfn: gpaToGfn(punchedGpa(world)), n: 1 })],
    answered: 'ioctl',
  },
];
