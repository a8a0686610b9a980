/** Texts that several charts of the matrix share. */
import { gfnToGpa } from '../../abi/address';
import { errnoText } from '../../abi/errno';
import { firmwareStatusText } from '../../abi/firmware';
import { responseInfo1, malformedReasons } from '../../abi/error-words';
import { kvmRun } from '../../abi/kvm-run';
import { pageStateOf } from '../../abi/rmp';
import { hex } from '../../base/hex';
import { exitOfReason, kvmRunOf } from '../../engine/kvm/exit';
import { rmpEntry } from '../../engine/hardware/rmp';
import { gmemPageOf, slotHasGmem, slotOf } from '../../engine/frames/slots';
import { gfnBits, RMP_ASID_SHIFT, rmpBits } from '../../engine/memory/page-bits';
import type { Move } from '../../engine/moves';
import { awaited, lockText } from '../../engine/kvm/threads/locks';
import type { Vcpu } from '../../engine/state/vcpu';
import type { World } from '../../engine/world';
import type { FacetValue } from '../../profiles/facets';
import type { Answered, MatrixChart } from './chart';

/** How the last KVM_RUN of a vCPU returned, or that it has not returned. */
export function kvmRunOutcome(world: World, index: number): string {
  const vcpu = world.vcpu(index);
  if (!vcpu.exists) return 'no vCPU';
  if (vcpu.run === 'inGuest') return 'no exit, in the guest';
  if (vcpu.run === 'blocked') return 'no exit, asleep';
  if (vcpu.run === 'spinning') return 'no exit, loops in KVM';
  const reason = kvmRun.get(kvmRunOf(world, vcpu), 'exitReason');
  const name = (exitOfReason(world, reason)?.name ?? String(reason)).replace(/^KVM_EXIT_/, '');
  return vcpu.runErrno === 0 ? `exit ${name}` : `${errnoText(-vcpu.runErrno)}, exit ${name}`;
}

/** The RMP entry of a frame's private page, in words. */
export function rmpText(world: World, gfn: number): string {
  const slot = slotOf(world, gfn);
  if (!slotHasGmem(slot)) return 'no page';
  const entry = rmpEntry(world, gmemPageOf(slot, gfn));
  const state = pageStateOf({ ...entry, gpa: gfnToGpa(entry.gfn) }) ?? 'no state of the table';
  return `${state}${entry.vmsa && state !== 'Context' ? ', VMSA' : ''}${entry.twoMeg ? ', 2M' : ''}`;
}

const isPrivateBy: Record<FacetValue<'mem.private'>, (world: World, gfn: number) => boolean> = {
  guestMemfd: (world, gfn) => (world.pages.gfn.get(gfn) & gfnBits.attributePrivate) !== 0,
  userPages: (world, gfn) => {
    const slot = slotOf(world, gfn);
    const word = slotHasGmem(slot) ? world.pages.rmp.get(gmemPageOf(slot, gfn)) : 0;
    return (word & rmpBits.assigned) !== 0 && word >>> RMP_ASID_SHIFT !== 0;
  },
};

/** Whether a frame is private for this kernel: by its attribute, or by the RMP where there are no attributes. */
export const isPrivate = (world: World, gfn: number): boolean =>
  isPrivateBy[world.facet('mem.private')](world, gfn);

/** How an event was answered. */
export interface Answer {
  /** `none`: the event has no answer. */
  readonly kind: 'success' | 'error' | 'none';
  readonly text: string;
}

const none = (text: string): Answer => ({ kind: 'none', text });
const success = (text = 'success'): Answer => ({ kind: 'success', text });
const error = (text: string): Answer => ({ kind: 'error', text });

const malformed = new Map(
  Object.entries(malformedReasons).map(([name, number]) => [
    number,
    name.replace('GHCB_ERR_', '').replaceAll('_', ' ').toLowerCase(),
  ]),
);

function naeAnswer({ guestResult, guestReadInfo1, guestReadInfo2 }: Vcpu): Answer {
  if (guestResult === 'none') return none('no answer');
  if (guestResult === 'ok') return success();
  const { response } = responseInfo1.decode(guestReadInfo1);
  if (response === 1) return error(`exception ${hex(guestReadInfo2)}`);
  if (response === 0) return error(`0/${hex(guestReadInfo2)}`);
  const reason = malformed.get(guestReadInfo2);
  return error(`${response}/${hex(guestReadInfo2)}${reason === undefined ? '' : ` ${reason}`}`);
}

function msrAnswer({ guestResult, guestReadMsr }: Vcpu): Answer {
  if (guestResult === 'none') return none('no answer');
  if (guestResult === 'ok') return success(hex(guestReadMsr));
  return error(guestResult === 'unanswered' ? 'its own request' : hex(guestReadMsr));
}

/** A call that waits for a lock has not answered. */
function waiting({ threads }: World): Answer | undefined {
  const lock = threads.map(awaited).find((found) => found !== undefined);
  return lock && none(`waits for ${lockText(lock)}`);
}

const UNWRITTEN = 0xffffffff;

function commandAnswer({ vm }: World): Answer {
  if (vm.ioctlRet === 0) return success('0');
  const status = vm.ioctlError === UNWRITTEN ? 'not written' : hex(vm.ioctlError);
  return error(`${errnoText(vm.ioctlRet)}, error ${status}`);
}

const ioctlAnswer = ({ vm }: World): Answer =>
  vm.ioctlRet === 0 ? success('0') : error(errnoText(vm.ioctlRet));

function runAnswer(world: World, index: number): Answer {
  const text = kvmRunOutcome(world, index);
  const { runErrno, run } = world.vcpu(index);
  return run === 'inUserspace' && runErrno !== 0 ? error(text) : success(text);
}

/** Nothing changed: how Linux names CF=1 of PVALIDATE. */
const NO_UPDATE = 255;

function instructionAnswer({ instructionCode, instructionFaulted, run }: Vcpu): Answer {
  if (instructionFaulted || run !== 'inGuest') return none('did not retire');
  if (instructionCode === 0) return success();
  return error(instructionCode === NO_UPDATE ? 'CF=1, nothing changed' : `code ${instructionCode}`);
}

/** A load or store either completes or faults; it has no other result. */
function accessAnswer({ instructionFaulted, run }: Vcpu): Answer {
  if (run !== 'inGuest') return error('did not retire');
  return instructionFaulted ? error('faults') : success('done');
}

/** The result that the host kernel gets from a move; null for a move without a result. */
function resultOfMove({ kind, args }: Move): Answer | null {
  if (kind === 'rmpUpdate' || kind === 'hostWrite') return success('done');
  if (kind === 'rmpUpdateFailed') return error(`code ${args['code']}`);
  if (kind === 'hostRmpFault') return error('RMP fault');
  if (kind !== 'firmwareCommand') return null;
  const answer = String(args['answer']);
  return answer === firmwareStatusText(0) ? success(answer) : error(answer);
}

/** The answer to the party that caused the event. @param moves of the event */
export function answerOf(
  world: World,
  { caller, target }: MatrixChart,
  answered: Answered,
  moves: readonly Move[],
): Answer {
  switch (answered) {
    case 'nae':
      return naeAnswer(world.vcpu(caller));
    case 'msr':
      return msrAnswer(world.vcpu(caller));
    case 'instruction':
      return instructionAnswer(world.vcpu(caller));
    case 'access':
      return accessAnswer(world.vcpu(caller));
    case 'command':
      return waiting(world) ?? commandAnswer(world);
    case 'ioctl':
      return waiting(world) ?? ioctlAnswer(world);
    case 'run':
      return runAnswer(world, target);
    case 'kernel':
      return moves.map(resultOfMove).find((answer) => answer !== null) ?? none('nothing is answered');
    case 'nobody':
      return none('nothing is answered');
  }
}
