/** What KVM refuses in the arguments of memory ioctls before it does anything, each check in the kernel's order. */
import { isPageAligned } from '../../../abi/address';
import { KVM_MEMORY_ATTRIBUTE_PRIVATE } from '../../../abi/kvm-structs';
import type { RuleId } from '../../rules';
import type { World } from '../../world';

const MAX_U64 = (1n << 64n) - 1n;

/** kvm_arch_has_private_mem: the types whose guests have memory that the host cannot see. */
export const hasPrivateMemory = ({ vm }: World): boolean => vm.type === 'snp' || vm.type === 'swProtected';

export interface AttributeArguments {
  readonly address: bigint;
  /** Bytes. */
  readonly size: bigint;
  readonly attributes: bigint;
  readonly flags: bigint;
}

/** KVM_SET_MEMORY_ATTRIBUTES. @returns the rule by which it is -EINVAL */
export function refusesAttributes(world: World, args: AttributeArguments): RuleId | undefined {
  const { address, size, attributes, flags } = args;
  const supported = hasPrivateMemory(world) ? KVM_MEMORY_ATTRIBUTE_PRIVATE : 0n;
  if (flags !== 0n) return 'AttributeFlags';
  if ((attributes & ~supported) !== 0n) return 'AttributeNotSupported';
  if (size === 0n || address + size > MAX_U64) return 'AttributeRange';
  return isPageAligned(address) && isPageAligned(size) ? undefined : 'AttributeUnaligned';
}

/** fallocate on guest_memfd, its mode first. @returns the rule and the errno */
export function refusesFallocate(
  mode: bigint,
  offset: bigint,
  size: bigint,
): { readonly rule: RuleId; readonly errno: 'EOPNOTSUPP' | 'EINVAL' } | undefined {
  const [keepSize, known] = [1n, 3n];
  if ((mode & keepSize) === 0n || (mode & ~known) !== 0n)
    return { rule: 'FallocateMode', errno: 'EOPNOTSUPP' };
  return isPageAligned(offset) && isPageAligned(size)
    ? undefined
    : { rule: 'FallocateUnaligned', errno: 'EINVAL' };
}
