/** KVM_SEV_SNP_ENABLE_REQ_CERTS: the VMM will supply certificates with attestation reports. */
import { errnoText } from '../../abi/errno';
import {
  KVM_SEV_INIT2,
  KVM_SEV_SNP_ENABLE_REQ_CERTS,
  KVM_SEV_SNP_LAUNCH_FINISH,
  KVM_SEV_SNP_LAUNCH_START,
  KVM_SEV_SNP_LAUNCH_UPDATE,
} from '../../abi/kvm-structs';
import { refused } from '../acts';
import { sevMemEncIoctl } from '../kvm/launch/sev-command';
import type { HandlersOf } from '../handlers';
import type { World } from '../world';

/** A command whose argument has no effect. */
function plainCommand(world: World, number: number, call: string): void {
  world.move('ioctl', -1, { call, detail: '' });
  const command = { command: 'ok', argument: 'ok', sevDevice: true } as const;
  const reply = sevMemEncIoctl(world, command, { id: 'other', number });
  world.move('ioctlReturns', -1, { call, ret: errnoText(reply.ret), error: 'not written' });
}

export const certificateHandlers = {
  'enable-certs': (world) => {
    if (!world.vm.exists) return refused('there is no VM');
    plainCommand(world, KVM_SEV_SNP_ENABLE_REQ_CERTS, 'KVM_SEV_SNP_ENABLE_REQ_CERTS');
    return undefined;
  },
  'sev-command': (world, { id }) => {
    if (!world.vm.exists) return refused('there is no VM');
    const ofOtherActs = [
      KVM_SEV_INIT2,
      KVM_SEV_SNP_LAUNCH_START,
      KVM_SEV_SNP_LAUNCH_UPDATE,
      KVM_SEV_SNP_LAUNCH_FINISH,
    ];
    if (ofOtherActs.some((known) => known === id)) return refused(`command ${id} has a separate act`);
    plainCommand(world, id, `KVM_MEMORY_ENCRYPT_OP, command ${id}`);
    return undefined;
  },
} satisfies Partial<HandlersOf<'vmm'>>;
