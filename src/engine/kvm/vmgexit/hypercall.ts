/** Hypercalls of the guest itself, NAE event 0x81: the number in RAX, arguments in RBX, RCX, RDX and RSI. */
import { gpaToGfn, isPageAligned } from '../../../abi/address';
import { errno, KVM_ENOSYS, KVM_EPERM } from '../../../abi/errno';
import { kvmRunHypercall, KVM_EXIT_HYPERCALL, KVM_HC_MAP_GPA_RANGE } from '../../../abi/kvm-run';
import { kvmPresetsRet } from '../../../profiles/facets/psc-msr';
import type { RuleId } from '../../rules';
import type { Vcpu } from '../../state/vcpu';
import type { World } from '../../world';
import { kvmRunOf, leaveToUserspace } from '../exit';
import { resumeAnswered, type Handled } from '../ghcb/ghcb';
import { readRet } from '../psc/map-gpa-range';

export const KVM_HC_VAPIC_POLL_IRQ = 1;
export const KVM_HC_CLOCK_PAIRING = 9;
const ARGUMENTS = kvmRunHypercall.offsetOf('args');
/** The caller is in long mode, which KVM assumes of every guest with encrypted state. */
const LONG_MODE = 1n;

/** The result of a hypercall, negative errno of the guest's ABI. */
interface Result {
  readonly value: number;
  readonly rule: RuleId;
}

/** ____kvm_emulate_hypercall. @returns nothing when userspace must answer */
function hypercallResult(world: World, vcpu: Vcpu): Result | undefined {
  if (vcpu.cpl !== 0) return { value: -KVM_EPERM, rule: 'HypercallNotPrivileged' };
  switch (vcpu.rax) {
    case BigInt(KVM_HC_VAPIC_POLL_IRQ):
      return { value: 0, rule: 'HypercallPoll' };
    case BigInt(KVM_HC_CLOCK_PAIRING):
      return { value: -errno.EOPNOTSUPP, rule: 'HypercallClock' };
    case BigInt(KVM_HC_MAP_GPA_RANGE):
      return mapGpaRangeRefusal(world, vcpu);
    default:
      // Kick, IPIs and yield belong to features that the modelled CPUID does not offer.
      return { value: -KVM_ENOSYS, rule: 'HypercallUnknown' };
  }
}

function mapGpaRangeRefusal(world: World, vcpu: Vcpu): Result | undefined {
  if (!world.vm.hypercallExits) return { value: -KVM_ENOSYS, rule: 'HypercallNotEnabled' };
  const { rbx: gpa, rcx: pages } = vcpu;
  const gfn = BigInt(gpaToGfn(gpa));
  // The sum is formed in 64 bits: a count that wraps ends at or below the first frame.
  const illegal = !isPageAligned(gpa) || pages === 0n || BigInt.asUintN(64, gfn + pages) <= gfn;
  return illegal ? { value: -errno.EINVAL, rule: 'HypercallRangeIllegal' } : undefined;
}

/** kvm_emulate_hypercall. */
export function kvmEmulateHypercall(world: World, vcpu: Vcpu): Handled {
  const result = hypercallResult(world, vcpu);
  if (!result) return exitHypercall(world, vcpu);
  const value = BigInt.asUintN(64, BigInt(result.value));
  const run = kvmRunOf(world, vcpu);
  const differs = kvmRunHypercall.get(run, 'ret') !== value;
  if (differs && world.facet('hypercall.runRet') === 'yes') kvmRunHypercall.set(run, 'ret', value);
  return answerHypercall(world, vcpu, { value, rule: result.rule });
}

function answerHypercall(world: World, vcpu: Vcpu, answer: { value: bigint; rule: RuleId }): Handled {
  world.move(
    'hypercallDone',
    vcpu.index,
    { number: vcpu.rax, result: BigInt.asIntN(64, answer.value).toString() },
    answer.rule,
  );
  vcpu.rax = answer.value;
  return resumeAnswered(world, vcpu);
}

/** The arguments are passed to userspace unchanged; args[3..5] keep their old values. */
function exitHypercall(world: World, vcpu: Vcpu): Handled {
  const run = kvmRunOf(world, vcpu);
  kvmRunHypercall.set(run, 'nr', BigInt(KVM_HC_MAP_GPA_RANGE));
  run.setU64(ARGUMENTS, vcpu.rbx);
  run.setU64(ARGUMENTS + 8, vcpu.rcx);
  run.setU64(ARGUMENTS + 16, vcpu.rdx);
  kvmRunHypercall.set(run, 'flags', LONG_MODE);
  const stale = kvmRunHypercall.get(run, 'ret') !== 0n;
  if (stale && kvmPresetsRet(world.facet('hypercall.retInit'))) kvmRunHypercall.set(run, 'ret', 0n);
  vcpu.completion = 'hypercall';
  world.sendExchange(vcpu, { type: 'EXIT_TO_USERSPACE' });
  leaveToUserspace(world, vcpu, { errno: 0, reason: KVM_EXIT_HYPERCALL });
  world.move(
    'hypercallExit',
    vcpu.index,
    { gpa: vcpu.rbx, pages: vcpu.rcx, attributes: vcpu.rdx },
    'HypercallExits',
  );
  return 'left';
}

/** KVM_RUN again: `ret` is copied to RAX without a check. */
export function completeHypercall(world: World, vcpu: Vcpu): Handled {
  const ret = readRet(world, vcpu);
  vcpu.completion = 'none';
  world.sendExchange(vcpu, { type: 'USERSPACE_RETURNED' });
  world.move('completionDone', vcpu.index, { ret });
  return answerHypercall(world, vcpu, { value: ret, rule: 'HypercallRetUnchecked' });
}
