/** Ioctls on the registers of a vCPU. Their contents are not modelled; the access checks are. */
import { errno } from '../../abi/errno';
import { refused, type ActArguments } from '../acts';
import { refuseCall } from '../kvm/launch/sev-call';
import type { HandlersOf } from '../handlers';
import type { Vcpu } from '../state/vcpu';
import { refusesCalls } from '../kvm/threads/locks';
import type { World } from '../world';

type What = ActArguments<'vmm', 'vcpu-state'>['what'];

const names: Record<What, string> = {
  regs: 'REGS',
  sregs: 'SREGS',
  sregs2: 'SREGS2',
  debugregs: 'DEBUGREGS',
  xcrs: 'XCRS',
  fpu: 'FPU',
  xsave: 'XSAVE',
  'guest-debug': 'GUEST_DEBUG',
};

/** The launch of an SEV-ES guest hands the FPU over to the hardware; that of an SNP guest does not (6.12 and 7.2). */
const isFpu = (what: What): boolean => what === 'fpu' || what === 'xsave';

function isRefused(world: World, vcpu: Vcpu, what: What): boolean {
  if (!vcpu.guestStateProtected) return false;
  return isFpu(what) ? world.vm.type === 'seves' : true;
}

export const vcpuStateHandlers = {
  'vcpu-state': (world, { vcpu: index, what, op }) => {
    const vcpu = world.vcpus[index];
    if (!vcpu?.exists) return refused(`there is no vCPU ${index}`);
    const call = `KVM_${op === 'get' ? 'GET' : 'SET'}_${names[what]}`;
    if (what === 'guest-debug' && op === 'get') return refused('there is no KVM_GET_GUEST_DEBUG');
    if (refusesCalls(world)) world.vm.ioctlRet = -errno.EIO;
    else if (isRefused(world, vcpu, what)) world.vm.ioctlRet = refuseCall(world, call, 'StateProtected');
    else {
      world.vm.ioctlRet = 0;
      world.move('ioctlReturns', -1, { call, ret: '0', error: '-' });
    }
    return undefined;
  },
} satisfies Partial<HandlersOf<'vmm'>>;
