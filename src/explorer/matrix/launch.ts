/** The launch chart: every ioctl of a launch, good and bad, at every point of it. */
import { PAGE_SIZE } from '../../abi/address';
import {
  SEV_CMD_SNP_LAUNCH_FINISH,
  SEV_CMD_SNP_LAUNCH_UPDATE,
  SEV_CMD_SNP_PAGE_RECLAIM,
} from '../../abi/firmware';
import type { Act } from '../../engine/acts';
import type { World } from '../../engine/world';
import { usesGuestMemfd } from '../../profiles/facets/guest-memory';
import {
  always,
  axis,
  vmm,
  type EventStep,
  type Fact,
  type MatrixChart,
  type MatrixEvent,
  type MatrixState,
} from './chart';
import { isPrivate, kvmRunOutcome, rmpText } from './facts';

const MEMORY_PAGES = 0x400;
/** The page that the launch fills before the event, and the one that an event fills. */
const FIRST_PAGE = 0x140;
const SECOND_PAGE = 0x144;
const PRIVATE_PAGES = 8;
const SHARED_PAGE = 0x180;
const NO_SLOT = MEMORY_PAGES + 0x100;
const VCPUS = 2;
/** A firmware status for faults: BAD_SIGNATURE, which no retry changes. */
const FAULT_STATUS = 0x0an;

const inject = (command: number, nth = 1): Act => ({
  actor: 'inject',
  verb: 'firmware',
  args: { command: BigInt(command), ...(nth === 1 ? {} : { nth }), status: FAULT_STATUS },
});

const hasAttributes = (world: World): boolean => usesGuestMemfd(world.facet('mem.private'));
const isProtected = (world: World, vcpu: number): boolean => world.vcpu(vcpu).guestStateProtected;
const hasMemory = (world: World): boolean =>
  world.slots.some(({ used }) => used) && (!hasAttributes(world) || isPrivate(world, FIRST_PAGE));
const isFilled = (world: World): boolean => rmpText(world, FIRST_PAGE) === 'Guest-Valid';
const noFaults = (world: World): boolean => world.faults.every(({ kind }) => kind === 'none');
const ready = (world: World): boolean =>
  world.vm.health === 'sound' && hasMemory(world) && noFaults(world) && world.vm.vcpuCount === VCPUS;

const states: readonly MatrixState[] = [
  {
    id: 'none',
    title: 'no VM',
    says: 'Nothing was created.',
    holds: ({ vm }) => !vm.exists && vm.launch === 'noVm',
  },
  {
    id: 'created',
    title: 'VM created',
    says: 'KVM_CREATE_VM, a memory slot, the private attribute for eight pages.',
    holds: (world) => world.vm.launch === 'created' && world.vm.vcpuCount === 0 && hasMemory(world),
  },
  {
    id: 'initialised',
    title: 'initialised',
    says: 'KVM_SEV_INIT2 succeeded and two vCPUs exist.',
    words: ['INIT2'],
    holds: (world) => world.vm.launch === 'initialised' && ready(world),
  },
  {
    id: 'started',
    title: 'started',
    says: 'LAUNCH_START succeeded; no page is encrypted yet.',
    words: ['START'],
    holds: (world) => world.vm.launch === 'started' && ready(world) && !isFilled(world),
  },
  {
    id: 'updated',
    title: 'updated',
    says: 'LAUNCH_UPDATE encrypted one page.',
    words: ['UPDATE'],
    holds: (world) => world.vm.launch === 'started' && ready(world) && isFilled(world),
  },
  {
    id: 'finish-failed-vmsa',
    title: 'finish failed at a VMSA',
    says: 'LAUNCH_FINISH failed at the VMSA of vCPU 1: that of vCPU 0 is encrypted.',
    words: ['FINISH', 'partly encrypted'],
    holds: (world) =>
      world.vm.launch === 'finishFailed' &&
      noFaults(world) &&
      isProtected(world, 0) &&
      !isProtected(world, 1),
  },
  {
    id: 'vmsas-encrypted',
    title: 'finish failed, VMSAs encrypted',
    says: 'LAUNCH_FINISH failed in its last command: every VMSA is encrypted, the firmware did not finish.',
    words: ['FINISH', 'finish failed'],
    holds: (world) =>
      world.vm.launch === 'finishFailed' && noFaults(world) && isProtected(world, 0) && isProtected(world, 1),
  },
  {
    id: 'finished',
    title: 'finished',
    says: 'LAUNCH_FINISH succeeded; no vCPU was run yet.',
    words: ['FINISH', 'running'],
    holds: (world) => world.vm.launch === 'finished' && ready(world),
  },
  {
    id: 'bugged',
    title: 'bugged',
    says: 'KVM met a page that it cannot reclaim and gave the VM up.',
    words: ['KVM_BUG_ON', 'dead'],
    holds: (world) => world.vm.health === 'bugged' && noFaults(world),
  },
];

const filled = (gfn: number) => ({
  says: 'the page is encrypted',
  kept: (world: World) => rmpText(world, gfn) === 'Guest-Valid',
});

type UpdateArguments = Extract<Act, { actor: 'vmm'; verb: 'launch-update' }>['args'];
const wrongUpdates: Readonly<Record<string, { readonly title: string; readonly args: UpdateArguments }>> = {
  shared: { title: 'the page is not private', args: { gfn: SHARED_PAGE, type: 'normal' } },
  slot: { title: 'no slot holds the page', args: { gfn: NO_SLOT, type: 'normal' } },
  flags: { title: 'flags = 1', args: { gfn: SECOND_PAGE, type: 'normal', flags: 1 } },
  length: { title: 'length of half a page', args: { gfn: SECOND_PAGE, type: 'normal', len: 0x800n } },
  uaddr: {
    title: 'source off a page boundary',
    args: { gfn: SECOND_PAGE, type: 'normal', uaddr: 0x7f00_0000_0010n },
  },
  vmsa: { title: 'page type VMSA', args: { gfn: SECOND_PAGE, type: 'vmsa' } },
};

const finishFaults: Readonly<Record<string, { readonly title: string; readonly fault: Act }>> = {
  last: { title: 'its last command', fault: inject(SEV_CMD_SNP_LAUNCH_FINISH) },
  second: { title: 'the second VMSA', fault: inject(SEV_CMD_SNP_LAUNCH_UPDATE, 2) },
  first: { title: 'the first VMSA', fault: inject(SEV_CMD_SNP_LAUNCH_UPDATE) },
};

const titles = (table: Readonly<Record<string, { readonly title: string }>>): (readonly [string, string])[] =>
  Object.entries(table).map(([id, { title }]) => [id, title]);

const command = (event: Omit<MatrixEvent, 'answered'>): MatrixEvent => ({ answered: 'command', ...event });
const ioctl = (event: Omit<MatrixEvent, 'answered'>): MatrixEvent => ({ answered: 'ioctl', ...event });

/** A thread in KVM_RUN is taken out by a signal. */
const takeOut: EventStep = ({ vcpus: [v0] }) =>
  !v0?.exists || v0.run === 'inUserspace' ? undefined : vmm('signal', { vcpu: 0 });

const events: readonly MatrixEvent[] = [
  ioctl({
    id: 'create-vm',
    title: 'CREATE_VM',
    says: 'KVM_CREATE_VM of type SNP.',
    steps: [always(vmm('create-vm', {}))],
  }),
  command({ id: 'init2', title: 'INIT2', says: 'KVM_SEV_INIT2.', steps: [always(vmm('init2', {}))] }),
  command({
    id: 'init2-bad',
    title: 'INIT2, bad',
    says: 'KVM_SEV_INIT2 with one wrong argument.',
    axes: [
      axis('wrong', 'wrong', [
        ['flags', 'flags = 1'],
        ['features', 'a feature that KVM lacks'],
        ['version', 'GHCB version 9'],
      ]),
    ],
    steps: [
      (_, { wrong }) =>
        vmm('init2', {
          ...(wrong === 'flags' ? { flags: 1 } : {}),
          ...(wrong === 'features' ? { features: 1n << 63n } : {}),
          ...(wrong === 'version' ? { 'ghcb-version': 9 } : {}),
        }),
    ],
  }),
  ioctl({
    id: 'create-vcpu',
    title: 'CREATE_VCPU',
    says: 'KVM_CREATE_VCPU of the next id.',
    words: ['vCPU creation'],
    steps: [always(vmm('create-vcpu', {}))],
  }),
  command({
    id: 'launch-start',
    title: 'START',
    says: 'KVM_SEV_SNP_LAUNCH_START.',
    steps: [always(vmm('launch-start', {}))],
  }),
  command({
    id: 'launch-start-bad',
    title: 'START, bad',
    says: 'KVM_SEV_SNP_LAUNCH_START with one wrong argument.',
    axes: [
      axis('wrong', 'wrong', [
        ['flags', 'flags = 1'],
        ['policy', 'policy without its reserved bit 17'],
      ]),
    ],
    steps: [(_, { wrong }) => vmm('launch-start', wrong === 'policy' ? { policy: 0x10000n } : { flags: 1 })],
  }),
  command({
    id: 'launch-update',
    title: 'UPDATE',
    says: 'KVM_SEV_SNP_LAUNCH_UPDATE of one private page.',
    steps: [always(vmm('launch-update', { gfn: SECOND_PAGE, type: 'normal' }))],
    promise: filled(SECOND_PAGE),
  }),
  command({
    id: 'launch-update-again',
    title: 'UPDATE, same page',
    says: 'KVM_SEV_SNP_LAUNCH_UPDATE of the page that the launch fills first.',
    words: ['twice', 'populated'],
    steps: [always(vmm('launch-update', { gfn: FIRST_PAGE, type: 'normal' }))],
    promise: filled(FIRST_PAGE),
  }),
  command({
    id: 'launch-update-bad',
    title: 'UPDATE, bad',
    says: 'KVM_SEV_SNP_LAUNCH_UPDATE with one wrong argument.',
    axes: [axis('wrong', 'wrong', titles(wrongUpdates))],
    steps: [
      (_, { wrong }) =>
        vmm('launch-update', wrongUpdates[wrong ?? '']?.args ?? { gfn: SHARED_PAGE, type: 'normal' }),
    ],
    promise: { says: 'a page was encrypted', kept: () => false },
  }),
  command({
    id: 'launch-update-fails',
    title: 'UPDATE, firmware fails',
    says: 'The firmware refuses the page.',
    words: ['inject', 'fault'],
    steps: [
      always(inject(SEV_CMD_SNP_LAUNCH_UPDATE)),
      always(vmm('launch-update', { gfn: SECOND_PAGE, type: 'normal' })),
    ],
    promise: filled(SECOND_PAGE),
  }),
  command({
    id: 'launch-finish',
    title: 'FINISH',
    says: 'KVM_SEV_SNP_LAUNCH_FINISH.',
    steps: [always(vmm('launch-finish', {}))],
  }),
  command({
    id: 'launch-finish-bad',
    title: 'FINISH, bad',
    says: 'KVM_SEV_SNP_LAUNCH_FINISH with flags = 1.',
    steps: [always(vmm('launch-finish', { flags: 1 }))],
  }),
  command({
    id: 'launch-finish-fails',
    title: 'FINISH, firmware fails',
    says: 'The firmware refuses one of the commands of LAUNCH_FINISH.',
    words: ['inject', 'fault'],
    axes: [axis('at', 'fails at', titles(finishFaults))],
    steps: [
      (_, { at }) => finishFaults[at ?? '']?.fault ?? inject(SEV_CMD_SNP_LAUNCH_FINISH),
      always(vmm('launch-finish', {})),
    ],
  }),
  {
    id: 'kvm-run',
    title: 'KVM_RUN',
    says: 'KVM_RUN of vCPU 0.',
    words: ['enter', 'VMRUN'],
    steps: [takeOut, always(vmm('run', { vcpu: 0 }))],
    answered: 'run',
    mayChangeNothing: true,
  },
  ioctl({
    id: 'pre-fault',
    title: 'PRE_FAULT',
    says: 'KVM_PRE_FAULT_MEMORY of a private page.',
    steps: [always(vmm('pre-fault', { gfn: SECOND_PAGE, n: 1 }))],
    mayChangeNothing: true,
  }),
  {
    id: 'close',
    title: 'close',
    says: 'Every file of the VM is closed, once no thread is in KVM_RUN.',
    words: ['destroy', 'teardown', 'free'],
    steps: [takeOut, always(vmm('destroy', {}))],
    answered: 'nobody',
  },
];

const encrypted = (world: World): string => {
  const ids = world.vcpus.flatMap((vcpu, id) => (vcpu.guestStateProtected ? [`v${id}`] : []));
  return ids.length === 0 ? 'none' : ids.join(', ');
};

const facts: readonly Fact[] = [
  { id: 'launch', title: 'launch', counts: true, of: ({ vm }) => vm.launch },
  { id: 'gstate', title: 'GSTATE', counts: true, of: ({ vm }) => vm.gstate },
  { id: 'vmsas', title: 'VMSAs encrypted', counts: true, of: encrypted },
  { id: 'vcpus', title: 'vCPUs', counts: true, of: ({ vm }) => String(vm.vcpuCount) },
  { id: 'first', title: 'RMP of gfn 0x140', counts: true, of: (world) => rmpText(world, FIRST_PAGE) },
  { id: 'second', title: 'RMP of gfn 0x144', counts: true, of: (world) => rmpText(world, SECOND_PAGE) },
  { id: 'health', title: 'health', counts: true, of: ({ vm }) => vm.health },
  { id: 'leaked', title: 'pages leaked', counts: true, of: ({ host }) => String(host.leakedPages) },
  { id: 'exit', title: 'kvm_run', counts: false, of: (world) => kvmRunOutcome(world, 0) },
];

/** The launch commands in any order, and the faults that lead to its failed states. */
function roam(world: World): readonly Act[] {
  const { vm } = world;
  if (!vm.exists) return [vmm('create-vm', {})];
  const acts: Act[] = [];
  if (!world.slots.some(({ used }) => used)) acts.push(vmm('memslot', { gfn: 0, n: MEMORY_PAGES }));
  if (hasAttributes(world) && !isPrivate(world, FIRST_PAGE))
    acts.push(vmm('set-attributes', { gfn: FIRST_PAGE, n: PRIVATE_PAGES, private: true }));
  if (vm.launch === 'created') acts.push(vmm('init2', {}));
  else if (vm.vcpuCount < VCPUS) acts.push(vmm('create-vcpu', {}));
  if (vm.launch === 'initialised') acts.push(vmm('launch-start', {}));
  if (vm.launch !== 'started') return acts;
  acts.push(vmm('launch-update', { gfn: FIRST_PAGE, type: 'normal' }), vmm('launch-finish', {}));
  if (noFaults(world)) acts.push(...Object.values(finishFaults).map(({ fault }) => fault));
  else acts.push(inject(SEV_CMD_SNP_PAGE_RECLAIM));
  return acts;
}

export const launchMatrix: MatrixChart = {
  id: 'launch',
  title: 'Launch',
  says: 'One VM from nothing to LAUNCH_FINISH and its end; the VMM calls ioctls.',
  vm: { vcpus: VCPUS + 1, memory: MEMORY_PAGES * PAGE_SIZE, flash: 0, maxphyaddr: 48 },
  host: 'manual',
  launched: false,
  root: [],
  roam,
  states,
  events,
  facts,
  caller: 0,
  target: 0,
  ahead: [
    ({ vcpus: [v0] }) => (v0?.exists && v0.run === 'inUserspace' ? vmm('run', { vcpu: 0 }) : undefined),
  ],
};
