/**
 * struct kvm_run: the page KVM and a VMM share for one vCPU, and the one table of exits. KVM never clears the union, so a
 * member that an exit does not fill keeps what an earlier exit left there.
 */
import type { ByteView } from '../base/bytes';
import { everyExit, kvmExitReasons, payloadIn, type ExitLookup } from './kvm-exits';
import { KVM_RUN_UNION, KVM_RUN_UNION_SIZE, kvmRunSource } from './kvm-run-members';
import { struct, type FieldRow, type StructLayout } from './layout';

export * from './kvm-exits';
export * from './kvm-run-members';
export * from './kvm-run-posted';

/** Bytes of the structure. The mapping that `KVM_GET_VCPU_MMAP_SIZE` announces is larger. */
export const KVM_RUN_SIZE = 2352;

/** The whole structure, its union as bytes; {@link explainKvmRun} gives them meaning. */
export const kvmRun = struct('struct kvm_run', kvmRunSource, KVM_RUN_SIZE, {
  requestInterruptWindow: { at: 0, size: 1, as: 'flag', doc: 'In: return when an interrupt can be injected' },
  immediateExit: { at: 1, size: 1, as: 'flag', doc: 'In: return -EINTR before entering the guest' },
  padding: { at: 2, size: 6, reserved: true, doc: 'Padding' },
  exitReason: { at: 8, size: 4, as: 'dec', names: kvmExitReasons, doc: 'Why KVM_RUN returned' },
  readyForInterruptInjection: {
    at: 12,
    size: 1,
    as: 'flag',
    doc: 'An interrupt could be injected now; not modelled',
  },
  ifFlag: {
    at: 13,
    size: 1,
    as: 'flag',
    doc: 'Guest interrupt flag; for SEV-ES and SNP from the VMCB interrupt mask; not modelled',
  },
  flags: { at: 14, size: 2, doc: 'State of the vCPU that the exit adds; set to 0 at the start of KVM_RUN' },
  cr8: { at: 16, size: 8, doc: 'CR8 (with a userspace local APIC also an input)' },
  apicBase: { at: 24, size: 8, doc: 'APIC base MSR' },
  exit: { at: KVM_RUN_UNION, size: KVM_RUN_UNION_SIZE, doc: 'Union: the payload of the exit' },
  kvmValidRegs: { at: 288, size: 8, doc: 'In: registers to synchronise; must be 0 for an SNP VM' },
  kvmDirtyRegs: { at: 296, size: 8, doc: 'In: registers userspace changed; must be 0 for an SNP VM' },
  syncRegs: { at: 304, size: 2048, doc: 'Synchronised registers, unused for SNP' },
});

/** The name of a member in the union: `hypercall`. */
export const kvmRunMemberName = (layout: StructLayout): string =>
  layout.title.replace(/^kvm_run\./, '').replace(/ \(.*\)$/, '');

/** The members of the union by name. Where a posting had another layout under a name of mainline, mainline's stands here. */
export const kvmRunMembers: ReadonlyMap<string, StructLayout> = firstByName(
  everyExit.flatMap(({ payloads }) => payloads.map(({ member }) => member)),
);

function firstByName(members: readonly StructLayout[]): Map<string, StructLayout> {
  const found = new Map<string, StructLayout>();
  for (const member of members) {
    const name = kvmRunMemberName(member);
    if (!found.has(name)) found.set(name, member);
  }
  return found;
}

/** The kind under which people name a member's bytes: `kvm-run-system-event`. */
export const kvmRunMemberKind = (layout: StructLayout): string =>
  `kvm-run-${kvmRunMemberName(layout).replaceAll(/[._]/g, '-')}`;

/** The structure's fields as rows, the union as the payload of the exit: `hypercall.args[0]`. */
export function explainKvmRun(view: ByteView, base: number, exitOf: ExitLookup): FieldRow[] {
  const exit = exitOf(kvmRun.get(view, 'exitReason', base));
  const member = payloadIn(exit, view, base)?.member;
  return kvmRun.explain(view, base).flatMap((row): FieldRow[] => {
    if (row.name === 'exitReason') return [{ ...row, text: exitReasonText(row.value, exit?.name) }];
    if (row.name !== 'exit' || !member) return [row];
    const name = kvmRunMemberName(member);
    return member.explain(view, base).map((inner) => ({ ...inner, name: `${name}.${inner.name}` }));
  });
}

/** An exit reason as rows show a named number: `3 (KVM_EXIT_HYPERCALL)`. */
const exitReasonText = (reason: bigint, name: string | undefined): string =>
  name === undefined ? String(reason) : `${reason} (${name})`;
