/** Scenarios for requests of the guest: an MSR value, an exit code with its info words. */
import { isPageAligned } from '../../abi/address';
import { apInfo1 } from '../../abi/ap-creation';
import { ghcbMsrMessage } from '../../abi/ghcb-msr';
import { GHCB_SHARED_BUFFER, type GhcbValidField } from '../../abi/ghcb-page';
import {
  naeEvent,
  requiredFields,
  SVM_VMGEXIT_AP_CREATION,
  SVM_VMGEXIT_EXT_GUEST_REQUEST,
  SVM_VMGEXIT_GUEST_REQUEST,
} from '../../abi/nae';
import { hex } from '../../base/hex';
import type { Act, ActArguments } from '../../engine/acts';
import type { VmSettings } from '../scenario';
import { acceptPage, GHCB_GPA, guest, machineWith, memoryFor, vcpusFor, type Plan } from './plan';

/** The GHCB MSR with this value, whatever it says. */
export const planOfMsr = (value: bigint): Plan => {
  const message = ghcbMsrMessage(value);
  const isPage = isPageAligned(value) && value !== 0n;
  const notes = isPage ? ['The value is a page address that was never registered.'] : [];
  const what = message ? `, ${message.name}` : '';
  return {
    title: `The GHCB MSR is ${hex(value)}${what}`,
    notes,
    ...(isPage ? { vm: machineWith(value) } : {}),
    acts: [guest('msr', { value })],
  };
};

/** An NAE event as it stands in a log: the exit code and its info words. */
export function planOfExit(code: bigint, info1 = 0n, info2 = 0n): Plan {
  const event = naeEvent(code);
  const assumed = assumedFor(code, info1);
  const registers = Object.keys(assumed).filter((name) => name !== 'scratch');
  const ready = preparation({ code, info1, info2 });
  return {
    title: `NAE event ${event?.name ?? 'of an unknown code'}, ${hex(code)} ${hex(info1)} ${hex(info2)}`,
    notes: [...(registers.length === 0 ? [] : [assumedNote(registers, code)]), ...ready.notes],
    vm: ready.vm,
    acts: [
      ...ready.acts,
      ...('scratch' in assumed ? [guest('register-ghcb', { gpa: GHCB_GPA })] : []),
      guest('nae', { code, info1, info2, ...assumed }),
    ],
  };
}

/** What goes before a request so that what it points to is there. */
interface Preparation {
  readonly vm: Partial<VmSettings>;
  readonly acts: readonly Act[];
  readonly notes: readonly string[];
}

interface Request {
  readonly code: bigint;
  readonly info1: bigint;
  readonly info2: bigint;
}

const isCode = (code: bigint, ...events: readonly number[]): boolean => events.includes(Number(code));

export function preparation({ code, info1, info2 }: Request): Preparation {
  const nothing: Preparation = { vm: {}, acts: [], notes: [] };
  if (isCode(code, SVM_VMGEXIT_GUEST_REQUEST, SVM_VMGEXIT_EXT_GUEST_REQUEST))
    return { ...nothing, vm: machineWith(info1, info2) };
  if (!isCode(code, SVM_VMGEXIT_AP_CREATION)) return nothing;
  const vcpus = vcpusFor(apInfo1.decode(info1).apicId);
  const isCreate = requiredFields(code, { info1, rax: 0n }).includes('rax');
  const canBeVmsa = info2 !== 0n && isPageAligned(info2) && memoryFor([info2]) !== undefined;
  if (!isCreate || !canBeVmsa) return { ...nothing, vm: vcpus };
  return {
    vm: { ...vcpus, ...machineWith(info2) },
    acts: [...acceptPage(info2), guest('make-vmsa', { gpa: info2 })],
    notes: ['The guest fills the VMSA page first.'],
  };
}

type NaeRegisters = Partial<ActArguments<'guest', 'nae'>>;

/** What stands in a field that must be marked valid and that the value does not have. */
const assumptions: Readonly<Partial<Record<GhcbValidField, NaeRegisters>>> = {
  rax: { rax: 0n },
  rbx: { rbx: 0n },
  rcx: { rcx: 0n },
  rdx: { rdx: 0n },
  rsi: { rsi: 0n },
  cpl: { cpl: 0 },
  xcr0: { xcr0: 1n },
  swScratch: { scratch: GHCB_GPA + BigInt(GHCB_SHARED_BUFFER) },
};
/** SEV_FEATURES of a VM without options: SNP_ACTIVE. */
const VM_FEATURES = 1n;

function assumedFor(code: bigint, info1: bigint): NaeRegisters {
  let assumed: NaeRegisters = {};
  for (const field of requiredFields(code, { info1, rax: 0n }))
    assumed = { ...assumed, ...assumptions[field] };
  const isCreation = isCode(code, SVM_VMGEXIT_AP_CREATION) && 'rax' in assumed;
  return isCreation ? { ...assumed, rax: VM_FEATURES } : assumed;
}

function assumedNote(registers: readonly string[], code: bigint): string {
  const names = registers.map((name) => name.toUpperCase()).join(', ');
  const value = isCode(code, SVM_VMGEXIT_AP_CREATION) ? "the VM's SEV_FEATURES" : 'as below';
  return `The event needs ${names}, which the value does not have: here ${value}.`;
}
