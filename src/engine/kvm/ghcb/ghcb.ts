/** The GHCB page from KVM's side: mapping it, taking what the guest marked valid, and writing answers. */
import { gpaToGfn } from '../../../abi/address';
import {
  GHCB_HV_RESP_ISSUE_EXCEPTION,
  GHCB_HV_RESP_MALFORMED_INPUT,
  GHCB_HV_RESP_NO_ACTION,
  KVM_INJECT_GP,
} from '../../../abi/error-words';
import {
  clearValidBitmap,
  ghcbPage,
  GHCB_VALID_BITMAP,
  isValidIn,
  writeValid,
  type GhcbValidField,
} from '../../../abi/ghcb-page';
import { convertsBatchInKernel } from '../../../profiles/facets/psc-batch';
import type { Image } from '../../memory/image';
import { type RuleId, rules } from '../../rules';
import type { Vcpu } from '../../state/vcpu';
import type { World } from '../../world';
import { rmpLookup } from '../../hardware/rmp';
import { gmemPageOf, slotHasGmem, slotOf } from '../../frames/slots';
import { shortEventName } from './nae-text';

/** How a handler ends: enter the guest, leave to userspace (already done), or fail KVM_RUN with an errno. */
export type Handled = 'resume' | 'left' | RunFailure;

/** Handles a request of the guest, or what userspace answered to its exit; the request stands in the vCPU's own state. */
export type VmgexitHandler = (world: World, vcpu: Vcpu) => Handled;

export interface RunFailure {
  /** Positive. */
  readonly errno: number;
  readonly rule: RuleId;
}

export const runFails = (code: number, rule: RuleId): RunFailure => ({ errno: code, rule });

/** The bytes of the GHCB page of the current request. */
export function answerPage(world: World, vcpu: Vcpu): Image {
  return world.image('shared', gpaToGfn(vcpu.ghcbGpa));
}

/**
 * Whether KVM's writes reach the GHCB page of the current request. The page can become private during its request only
 * where KVM itself changes the RMP.
 */
export function ghcbReachable(world: World, vcpu: Vcpu): boolean {
  if (!convertsBatchInKernel(world.facet('psc.batch'))) return true;
  const gfn = gpaToGfn(vcpu.ghcbGpa);
  const slot = slotOf(world, gfn);
  const isPrivate = slotHasGmem(slot) && rmpLookup(world, gmemPageOf(slot, gfn))?.assigned === true;
  if (isPrivate) world.finding('violation', 'the GHCB page is private: what KVM answers does not arrive');
  return !isPrivate;
}

/** Maps the page through the shared backing. @returns undefined when no memslot covers it */
export function mapGhcb(world: World, vcpu: Vcpu, gpa: bigint): Image | undefined {
  const gfn = gpaToGfn(gpa);
  if (gfn >= world.config.gfnCount) return undefined;
  if (!slotOf(world, gfn)) return undefined;
  vcpu.ghcbMapped = true;
  vcpu.ghcbGpa = gpa;
  return world.image('shared', gfn);
}

/** Takes the registers whose valid bits are set; clears the bitmap in the page. */
export function snapshotGhcb(vcpu: Vcpu, page: Image): void {
  const bitmap = { lo: page.u64(GHCB_VALID_BITMAP), hi: page.u64(GHCB_VALID_BITMAP + 8) };
  const taken = (field: 'rax' | 'rbx' | 'rcx' | 'rdx' | 'rsi' | 'swScratch'): bigint =>
    isValidIn(bitmap, field) ? ghcbPage.get(page, field) : 0n;
  vcpu.validLow = bitmap.lo;
  vcpu.validHigh = bitmap.hi;
  vcpu.rax = taken('rax');
  vcpu.rbx = taken('rbx');
  vcpu.rcx = taken('rcx');
  vcpu.rdx = taken('rdx');
  vcpu.rsi = taken('rsi');
  vcpu.swScratch = taken('swScratch');
  vcpu.cpl = isValidIn(bitmap, 'cpl') ? ghcbPage.get(page, 'cpl') : 0;
  vcpu.exitCode = ghcbPage.get(page, 'swExitCode');
  vcpu.exitInfo1 = ghcbPage.get(page, 'swExitInfo1');
  vcpu.exitInfo2 = ghcbPage.get(page, 'swExitInfo2');
  clearValidBitmap(page);
}

/** Whether the guest had marked a field valid when KVM took the page. */
export function wasValid(vcpu: Vcpu, field: GhcbValidField): boolean {
  return isValidIn({ lo: vcpu.validLow, hi: vcpu.validHigh }, field);
}

/** XCR0 and XSS for CPUID. They stay in effect even when the request is refused afterwards. */
export function takeExtendedState(world: World, vcpu: Vcpu, page: Image): void {
  const index = vcpu.index;
  if (wasValid(vcpu, 'xcr0')) {
    vcpu.xcr0 = ghcbPage.get(page, 'xcr0');
    world.move('extendedState', index, { register: 'XCR0', value: vcpu.xcr0 }, 'ExtendedState');
  }
  if (wasValid(vcpu, 'xss') && world.facet('ghcb.xss') === 'taken') {
    vcpu.xss = ghcbPage.get(page, 'xss');
    world.move('extendedState', index, { register: 'XSS', value: vcpu.xss }, 'ExtendedState');
  }
}

export function writeInfo1(page: Image, value: bigint): void {
  writeValid(page, 'swExitInfo1', value);
}

export function writeInfo2(page: Image, value: bigint): void {
  writeValid(page, 'swExitInfo2', value);
}

/** Malformed input: SW_EXITINFO1 = 2, the reason in SW_EXITINFO2, and the guest goes on. */
export function malformed(world: World, vcpu: Vcpu, reason: bigint, rule: RuleId): Handled {
  const page = answerPage(world, vcpu);
  writeInfo1(page, GHCB_HV_RESP_MALFORMED_INPUT);
  writeInfo2(page, reason);
  const code = Number(reason) as 1 | 2 | 3 | 4 | 5 | 6;
  world.sendExchange(vcpu, { type: 'MALFORMED', reason: code });
  world.move('malformedInput', vcpu.index, { code, why: rules[rule].says }, rule);
  return 'resume';
}

/** SW_EXITINFO1 and 2 as "done", written before the request is carried out. */
export function writeSuccess(page: Image): void {
  writeInfo1(page, GHCB_HV_RESP_NO_ACTION);
  writeInfo2(page, 0n);
}

/** KVM_RUN fails, and nothing of the request is kept. */
export function failRequest(world: World, vcpu: Vcpu, code: number, rule: RuleId): RunFailure {
  world.sendExchange(vcpu, { type: 'RUN_FAILED' });
  return runFails(code, rule);
}

/** svm_vmgexit_inject_exception: the GHCB page asks the guest to raise #GP itself. */
export function svmVmgexitInjectGp(world: World, vcpu: Vcpu, rule: RuleId): Handled {
  const page = answerPage(world, vcpu);
  writeInfo1(page, GHCB_HV_RESP_ISSUE_EXCEPTION);
  writeInfo2(page, KVM_INJECT_GP);
  return resumeAnswered(world, vcpu, rule);
}

/** The answer is in the page; the guest sees it at the next entry. */
export function resumeAnswered(world: World, vcpu: Vcpu, rule?: RuleId): Handled {
  const page = answerPage(world, vcpu);
  world.sendExchange(vcpu, { type: 'ANSWER' });
  world.move(
    'naeAnswer',
    vcpu.index,
    {
      name: shortEventName(vcpu.exitCode),
      info1: ghcbPage.get(page, 'swExitInfo1'),
      info2: ghcbPage.get(page, 'swExitInfo2'),
    },
    rule,
  );
  return 'resume';
}
