/** Scenarios for words: requests are sent as they are; for a word that nobody sends the reason stands here. */
import { gpaToGfn } from '../../abi/address';
import { ghcbMsrMessages } from '../../abi/ghcb-msr';
import { msrKindName, wordLayouts } from '../../abi/kinds';
import { KVM_MEMORY_EXIT_FLAG_PRIVATE } from '../../abi/kvm-run';
import { KVM_MEMORY_ATTRIBUTE_PRIVATE } from '../../abi/kvm-structs';
import type { WordLayout } from '../../abi/layout';
import { naeEvent, naeEvents } from '../../abi/nae';
import { PAGE_NOT_VALIDATED } from '../../abi/nested-fault';
import { littleEndianBytes } from '../../base/bytes';
import { hex } from '../../base/hex';
import { planOfPscBuffer } from './pages';
import { FREE_GPA, guest, machineWith, VALID_GPA, vmm, type Planned } from './plan';
import { planOfExit, planOfMsr } from './requests';

/** The plan for a word of one kind. */
export type WordPlanner = (value: bigint) => Planned;

const no =
  (why: string): WordPlanner =>
  () =>
    why;
const ANSWER = no('This is a word of an answer: KVM writes it, no guest and no VMM sends it.');
const HARDWARE = no('This is state of the hardware: it comes of what host and guest do, and no act sets it.');
const PART = (whole: string): WordPlanner =>
  no(
    `This is a part of ${whole} and no request of its own; decode the whole and make the scenario from that.`,
  );

/** The first event whose info word has this layout, those that KVM knows before those of drafts. */
function planOfInfo(layout: WordLayout): WordPlanner | undefined {
  const known = naeEvents.toSorted((a, b) => Number(a.since === 'posted') - Number(b.since === 'posted'));
  const event = known.find(({ info1, info2 }) => info1 === layout || info2 === layout);
  if (!event) return undefined;
  return (value) =>
    event.info1 === layout
      ? planOfExit(BigInt(event.code), value)
      : planOfExit(BigInt(event.code), 0n, value);
}

/** The first fault or failure of the firmware has this status. */
export function planOfFirmwareFailure(status: bigint, command?: bigint): Planned {
  if (status === 0n) return 'Status 0 is success: every launch shows it.';
  return {
    title: `The firmware answers ${hex(status)}${command === undefined ? '' : ` to command ${hex(command)}`}`,
    notes: command === undefined ? ['Which command fails the value does not say; here it is the first.'] : [],
    before: [{ actor: 'inject', verb: 'firmware', args: { status, ...(command ? { command } : {}) } }],
    launch: 'host',
    acts: [],
  };
}

const createVm = vmm('create-vm', {});

const special: Readonly<Record<string, WordPlanner>> = {
  'ghcb-msr': planOfMsr,
  'nae-code': (value) => planOfExit(value),
  'psc-header': (value) => planOfPscBuffer(littleEndianBytes(value, 8)),
  'psc-entry': (value) =>
    planOfPscBuffer(Uint8Array.of(...littleEndianBytes(0n, 8), ...littleEndianBytes(value, 8))),
  'sev-features': (value) => ({
    title: `AP creation with SEV_FEATURES ${hex(value)} in RAX`,
    acts: [
      guest('make-vmsa', { gpa: VALID_GPA, features: value }),
      guest('ap-create', { target: 1, vmsa: VALID_GPA, features: value }),
    ],
  }),
  'map-gpa-attributes': (value) => ({
    title: `KVM_HC_MAP_GPA_RANGE with attributes ${hex(value)}`,
    notes: ['The range is not in the value; here it is one page.'],
    acts: [guest('vmmcall', { nr: 12n, a0: FREE_GPA, a1: 1n, a2: value })],
  }),
  'memory-fault-flags': (value) => planOfMemoryFault(FREE_GPA, value),
  'memory-attribute-bits': (value) => {
    const gfn = gpaToGfn(FREE_GPA);
    const isPrivate = value === KVM_MEMORY_ATTRIBUTE_PRIVATE;
    if (value !== 0n && !isPrivate)
      return 'The act sets KVM_MEMORY_ATTRIBUTE_PRIVATE alone; KVM knows no other attribute and answers EINVAL.';
    return {
      title: `KVM_SET_MEMORY_ATTRIBUTES to ${hex(value)}`,
      acts: [vmm('set-attributes', { gfn, n: 1, private: isPrivate })],
    };
  },
  'snp-policy': (value) => ({
    title: `A launch with policy ${hex(value)}`,
    launch: [createVm, vmm('init2', {}), vmm('launch-start', { policy: value })],
    acts: [],
  }),
  'firmware-status': (value) => planOfFirmwareFailure(value),
  'firmware-command': no('A command alone asks for nothing; paste the line that also says how it ended.'),
  'exit-reason': no('A number that KVM writes; paste the whole kvm_run to see what led to it.'),
  'sev-status': no('SEV_STATUS is what the hardware shows the guest; nobody sends it.'),
  'memory-region-flags': PART('struct kvm_userspace_memory_region2'),
  'vintr-ctrl': PART('a VMSA'),
  'doorbell-flags': no('KVM offers no restricted injection, so no doorbell page is ever read.'),
  'doorbell-status': no('KVM offers no restricted injection, so no doorbell page is ever read.'),
  'rmp-entry-low': HARDWARE,
  'rmp-entry-high': HARDWARE,
  'svm-exit': (value) => planOfSvmExit(value),
  number: no('No source says what this word means, so nothing is made of it.'),
  'nested-fault': no(
    'An error code says how an access went wrong, but not where; no access can be made of it.',
  ),
  rmpadjust: no(
    'RMPADJUST of these scenarios knows the VMSA attribute alone; VMPL and permissions would be lost.',
  ),
};

/** What makes a guest meet this exit: a request of that code, or the access behind a #VC exception. */
export function planOfSvmExit(code: bigint): Planned {
  if (naeEvent(code)) return planOfExit(code);
  if (code !== BigInt(PAGE_NOT_VALIDATED.code))
    return 'No act of these scenarios makes this exit; a guest does not ask for it through its GHCB.';
  return {
    title: 'A private access to a page that the guest has not validated',
    notes: ['The address is not in the line; here it is one page that became private and was not validated.'],
    acts: [
      guest('msr-psc', { gfn: gpaToGfn(FREE_GPA), op: 'private' }),
      guest('read', { gpa: FREE_GPA, private: true }),
    ],
  };
}

/** A guest access whose kind is not what the attribute of its page says. */
export function planOfMemoryFault(gpa: bigint, flags: bigint): Planned {
  const isPrivate = flags === KVM_MEMORY_EXIT_FLAG_PRIVATE;
  if (flags !== 0n && !isPrivate)
    return 'KVM sets the flag for a private access and no other; no access of a guest makes these flags.';
  const gfn = gpaToGfn(gpa);
  return {
    title: `A ${isPrivate ? 'private' : 'shared'} access to ${hex(gpa)}, which is not ${isPrivate ? 'private' : 'shared'}`,
    vm: machineWith(gpa),
    acts: [
      vmm('set-attributes', { gfn, n: 1, private: !isPrivate }),
      guest('read', { gpa, private: isPrivate }),
    ],
  };
}

/** The MSR value itself is the request, whichever message it is. */
const messageKinds = new Set(ghcbMsrMessages.map(({ name }) => msrKindName(name)));

/** One planner for every kind of word. */
export const wordPlanners: Readonly<Record<string, WordPlanner>> = {
  ...Object.fromEntries(
    Object.entries(wordLayouts).map(([kind, layout]) => [
      kind,
      messageKinds.has(kind) ? planOfMsr : (planOfInfo(layout) ?? ANSWER),
    ]),
  ),
  ...special,
};
