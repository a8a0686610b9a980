/** The phases of a run, by what its guest asks for: launch, firmware, kernel, APs, devices, end. */
import { GHCB_MSR_REG_GPA_REQ, GHCB_MSR_TERM_REQ } from '../abi/ghcb-msr';
import {
  SVM_EXIT_IOIO,
  SVM_VMGEXIT_AP_CREATION,
  SVM_VMGEXIT_MMIO_READ,
  SVM_VMGEXIT_MMIO_WRITE,
} from '../abi/nae';
import { moveKinds, type Move, type MoveKind, type MoveName } from '../engine/moves';

export const phaseNames = ['launch', 'firmware', 'kernel', 'APs', 'devices', 'end'] as const;
export type PhaseName = (typeof phaseNames)[number];

export interface RunPhase {
  readonly name: PhaseName;
  /** Index of its first step. */
  readonly firstStep: number;
}

/** Bits of a GHCB MSR value that say which request it is. */
const MSR_REQUEST = 0xfffn;
const deviceEvents: readonly bigint[] = [SVM_EXIT_IOIO, SVM_VMGEXIT_MMIO_READ, SVM_VMGEXIT_MMIO_WRITE].map(
  BigInt,
);

/**
 * Finds where each phase begins; one that a run does not have is left out, and none is gone back to. `launch` begins with
 * the first step, `firmware` with the first move of a guest, `kernel` when the boot vCPU registers another GHCB page than
 * that of the firmware, `APs` when it then creates the first vCPU, `devices` with its first access to a port or a register
 * of a device, `end` when it asks for its termination.
 */
export class PhaseFinder {
  readonly phases: RunPhase[] = [];
  /** The GHCB page that the boot vCPU has registered. */
  private registered: bigint | undefined;

  /** Whether a move of this kind can begin a phase; any other need not be taken. */
  asksFor(kind: MoveName): boolean {
    const last = this.phases.at(-1)?.name;
    if (last === undefined || kind === 'msrRequest') return last !== 'end';
    const { from }: MoveKind = moveKinds[kind];
    return last === 'launch'
      ? from === 'guest'
      : kind === 'naeRequest' && last !== 'devices' && last !== 'end';
  }

  /** Takes the next step. */
  take(step: number, move: Move | undefined): void {
    if (!move) return;
    const name = this.beginning(move);
    const last = this.phases.at(-1);
    if (last && phaseNames.indexOf(last.name) >= phaseNames.indexOf(name)) return;
    this.phases.push({ name, firstStep: step });
  }

  /** The phase that a move would begin. */
  private beginning({ kind, vcpu, args }: Move): PhaseName {
    const { from }: MoveKind = moveKinds[kind];
    if (from !== 'guest') return 'launch';
    if (vcpu !== 0) return 'firmware';
    if (kind === 'msrRequest') return this.byMsr(args['value'] as bigint);
    if (kind !== 'naeRequest') return 'firmware';
    const code = args['code'] as bigint;
    if (code === BigInt(SVM_VMGEXIT_AP_CREATION)) return 'APs';
    return deviceEvents.includes(code) ? 'devices' : 'firmware';
  }

  private byMsr(value: bigint): PhaseName {
    const request = value & MSR_REQUEST;
    if (request === BigInt(GHCB_MSR_TERM_REQ)) return 'end';
    if (request !== BigInt(GHCB_MSR_REG_GPA_REQ)) return 'firmware';
    const isOther = this.registered !== undefined && this.registered !== value;
    this.registered = value;
    return isOther ? 'kernel' : 'firmware';
  }
}
