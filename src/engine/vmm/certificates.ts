/** KVM_SEV_SNP_ENABLE_REQ_CERTS: the VMM will supply certificates with attestation reports. */
import { errnoText } from '../../abi/errno';
import { KVM_SEV_SNP_ENABLE_REQ_CERTS } from '../../abi/kvm-structs';
import { refused } from '../acts';
import { sevMemEncIoctl } from '../kvm/sev-command';
import type { HandlersOf } from '../perform';

export const certificateHandlers = {
  'enable-certs': (world) => {
    if (!world.vm.exists) return refused('there is no VM');
    const call = 'KVM_SEV_SNP_ENABLE_REQ_CERTS';
    world.move('ioctl', -1, { call, detail: '' });
    const reply = sevMemEncIoctl(
      world,
      { command: 'ok', argument: 'ok', sevDevice: true },
      { id: 'other', number: KVM_SEV_SNP_ENABLE_REQ_CERTS },
    );
    world.move('ioctlReturns', -1, { call, ret: errnoText(reply.ret), error: 'not written' });
    return undefined;
  },
} satisfies Partial<HandlersOf<'vmm'>>;
