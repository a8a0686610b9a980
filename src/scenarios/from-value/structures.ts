/** Scenarios for structures: pages are stored as they are, arguments of ioctls become that call, records what leads to them. */
import { bytesToPages, gfnToGpa, gpaToGfn, MAX_FRAME, PAGE_BYTES } from '../../abi/address';
import { kvmMemoryAttributes, kvmPreFaultMemory, kvmSevInit } from '../../abi/kvm-structs';
import * as kvm from '../../abi/kvm-structs';
import { kvmMpState, mpStates } from '../../abi/mp-state';
import { bytesView, type ByteView } from '../../base/bytes';
import { hex } from '../../base/hex';
import { vmmActs } from '../../engine/acts/vmm';
import { planOfGhcbPage, planOfGuestMessage, planOfPscBuffer, planOfValidBitmap, planOfVmsa } from './pages';
import { machineWith, slotsOf, vmm, type Planned } from './plan';
import { memberPlanners, planOfRun } from './run-record';

/** The plan for the bytes of one kind. */
export type BytesPlanner = (bytes: Uint8Array) => Planned;

const no =
  (why: string): BytesPlanner =>
  () =>
    why;
const WRITTEN_FOR_GUEST = no(
  'The host or the firmware writes this for the guest to read; no request holds it.',
);
const RMP = no(
  'An RMP entry is what the hardware keeps: it comes of RMPUPDATE, PVALIDATE and the firmware, and no act writes one.',
);

/** Frames of a range whose ends are page addresses; the acts count in frames. */
function framesOf(address: bigint, size: bigint): { gfn: number; n: number } | string {
  if (address % PAGE_BYTES !== 0n || size % PAGE_BYTES !== 0n)
    return 'The range does not begin and end at page addresses, and the act counts in pages.';
  return { gfn: gpaToGfn(address), n: bytesToPages(size) };
}

const named = <W extends string>(words: readonly W[], name: string | undefined): W | undefined =>
  words.find((word) => word === name?.toLowerCase());

function sevInit(view: ByteView): Planned {
  const args = {
    features: kvmSevInit.get(view, 'vmsaFeatures'),
    flags: kvmSevInit.get(view, 'flags'),
    'ghcb-version': kvmSevInit.get(view, 'ghcbVersion'),
  };
  return { title: 'KVM_SEV_INIT2 with these arguments', launch: [createVm, vmm('init2', args)], acts: [] };
}

const createVm = vmm('create-vm', {});
const init2 = vmm('init2', {});
const start = vmm('launch-start', {});

function launchStart(view: ByteView): Planned {
  const [policy, flags] = [kvm.launchStart.get(view, 'policy'), kvm.launchStart.get(view, 'flags')];
  return {
    title: `KVM_SEV_SNP_LAUNCH_START with policy ${hex(policy)}`,
    notes: ['gosvw and padding are not carried over: KVM does not look at them.'],
    launch: [createVm, init2, vmm('launch-start', { policy, flags })],
    acts: [],
  };
}

function launchUpdate(view: ByteView): Planned {
  const { launchUpdate: args, launchUpdateTypes } = kvm;
  const number = args.get(view, 'type');
  const type = named(
    vmmActs['launch-update'].params.type.kind,
    launchUpdateTypes[number as keyof typeof launchUpdateTypes],
  );
  if (!type) return `The act names its page types, and ${number} has no name.`;
  if (args.get(view, 'gfnStart') > BigInt(MAX_FRAME))
    return 'The frame lies beyond any address of 64 bits, and the act takes none such.';
  const [gfn, len, uaddr, flags] = [
    Number(args.get(view, 'gfnStart')),
    args.get(view, 'len'),
    args.get(view, 'uaddr'),
    args.get(view, 'flags'),
  ];
  const vm = machineWith(gfnToGpa(gfn));
  return {
    title: `KVM_SEV_SNP_LAUNCH_UPDATE of ${type} pages from gfn ${hex(gfn)}`,
    vm,
    launch: [
      createVm,
      init2,
      ...slotsOf(vm),
      start,
      vmm('set-attributes', { gfn, n: Math.max(1, bytesToPages(len)), private: true }),
      vmm('launch-update', { gfn, len, type, uaddr, flags }),
    ],
    acts: [],
  };
}

function launchFinish(view: ByteView): Planned {
  const flags = kvm.launchFinish.get(view, 'flags');
  const idBlock = kvm.launchFinish.get(view, 'idBlockEn') !== 0;
  return {
    title: 'KVM_SEV_SNP_LAUNCH_FINISH with these arguments',
    notes: ['Host data and addresses are not carried over; an ID block is a good one.'],
    launch: [
      createVm,
      init2,
      start,
      vmm('create-vcpu', {}),
      vmm('launch-finish', { flags, ...(idBlock ? { 'id-block': 'yes' } : {}) }),
    ],
    acts: [],
  };
}

function memoryAttributes(view: ByteView): Planned {
  const frames = framesOf(kvmMemoryAttributes.get(view, 'address'), kvmMemoryAttributes.get(view, 'size'));
  if (typeof frames === 'string') return frames;
  const attributes = kvmMemoryAttributes.get(view, 'attributes');
  const isPrivate = attributes === kvm.KVM_MEMORY_ATTRIBUTE_PRIVATE;
  if ((attributes !== 0n && !isPrivate) || kvmMemoryAttributes.get(view, 'flags') !== 0n)
    return 'KVM answers EINVAL to such attributes or flags; the act has the one attribute and no flags.';
  return {
    title: 'KVM_SET_MEMORY_ATTRIBUTES with these arguments',
    vm: machineWith(kvmMemoryAttributes.get(view, 'address')),
    acts: [vmm('set-attributes', { ...frames, private: isPrivate })],
  };
}

function memoryRegion(view: ByteView): Planned {
  const { kvmUserspaceMemoryRegion2: args } = kvm;
  const frames = framesOf(args.get(view, 'guestPhysAddr'), args.get(view, 'memorySize'));
  if (typeof frames === 'string') return frames;
  const { guestMemfd } = kvm.memoryRegionFlags.decode(BigInt(args.get(view, 'flags')));
  return {
    title: 'KVM_SET_USER_MEMORY_REGION2 with these arguments',
    vm: machineWith(args.get(view, 'guestPhysAddr')),
    launch: [
      createVm,
      init2,
      vmm('memslot', {
        ...frames,
        backing: guestMemfd === 0 ? 'none' : 'guest-memfd',
        gmem: bytesToPages(args.get(view, 'guestMemfdOffset')),
      }),
    ],
    acts: [],
  };
}

function preFault(view: ByteView): Planned {
  const frames = framesOf(kvmPreFaultMemory.get(view, 'gpa'), kvmPreFaultMemory.get(view, 'size'));
  if (typeof frames === 'string') return frames;
  return {
    title: 'KVM_PRE_FAULT_MEMORY with these arguments',
    vm: machineWith(kvmPreFaultMemory.get(view, 'gpa')),
    acts: [vmm('pre-fault', frames)],
  };
}

function mpState(view: ByteView): Planned {
  const number = kvmMpState.get(view, 'mpState');
  const name = mpStates[number as keyof typeof mpStates];
  const state = vmmActs['set-mp-state'].params.state.kind.find((word) => word === name);
  if (!state) return `The act names the states of x86, and ${number} is none of them; KVM answers EINVAL.`;
  return {
    title: `KVM_SET_MP_STATE to ${state}`,
    notes: ['Of which vCPU the value does not say; here it is the second.'],
    acts: [vmm('set-mp-state', { vcpu: 1, state })],
  };
}

const ofView =
  (planner: (view: ByteView) => Planned): BytesPlanner =>
  (bytes) =>
    planner(bytesView(bytes));

/** One planner for every kind of structure. */
export const structPlanners: Readonly<Record<string, BytesPlanner>> = {
  'ghcb-page': planOfGhcbPage,
  'valid-bitmap': planOfValidBitmap,
  'psc-buffer': planOfPscBuffer,
  vmsa: planOfVmsa,
  'guest-message-header': planOfGuestMessage,
  'kvm-run': planOfRun,
  ...memberPlanners,
  'sev-init': ofView(sevInit),
  'launch-start': ofView(launchStart),
  'launch-update': ofView(launchUpdate),
  'launch-finish': ofView(launchFinish),
  'memory-attributes': ofView(memoryAttributes),
  'memory-region2': ofView(memoryRegion),
  'pre-fault-memory': ofView(preFault),
  'mp-state': ofView(mpState),
  'rmp-entry': RMP,
  'rmp-update': no(
    'The argument of RMPUPDATE, which KVM executes by itself; no act of a guest or a VMM holds it.',
  ),
  'tsc-info-response': WRITTEN_FOR_GUEST,
  'cert-table-entry': WRITTEN_FOR_GUEST,
  'secrets-page': WRITTEN_FOR_GUEST,
  'cpuid-table-header': no(
    'The CPUID page is a source page of LAUNCH_UPDATE, of which the model keeps eight bytes.',
  ),
  'cpuid-table-entry': no(
    'The CPUID page is a source page of LAUNCH_UPDATE, of which the model keeps eight bytes.',
  ),
  'doorbell-page': no('KVM offers no restricted injection, so no doorbell page is ever read.'),
  'doorbell-descriptor': no('KVM offers no restricted injection, so no doorbell page is ever read.'),
  'sev-cmd': no(
    'The arguments of the command lie behind its pointer; decode those and make the scenario from them.',
  ),
  'create-guest-memfd': no(
    'A guest_memfd alone shows nothing; the slot that uses it is made from its own arguments.',
  ),
};
