/** What KVM does first when userspace calls KVM_RUN again after an exit. */
import type { Vcpu } from '../../state/vcpu';
import type { World } from '../../world';
import type { Handled, VmgexitHandler } from '../ghcb/ghcb';
import { completeReqCerts } from '../vmgexit/guest-request';
import { completeHypercall } from '../vmgexit/hypercall';
import { completePortIn, completeStringIo } from '../vmgexit/io';
import { completeMmio } from '../vmgexit/mmio';
import { completePsc, completePscVmgexit, completePscVmgexitRaw } from '../psc/psc';
import { completePscMsr, completePscMsrVmgexit, completePscMsrVmgexitRaw } from '../psc/psc-msr';

const completions: Record<Vcpu['completion'], VmgexitHandler> = {
  none: (world, vcpu) => {
    world.apart(`completed ${vcpu.index}`, () => {
      if (vcpu.exchange === 'awaitingUserspace') world.sendExchange(vcpu, { type: 'USERSPACE_RETURNED' });
      if (vcpu.exchange === 'completing') world.sendExchange(vcpu, { type: 'ANSWER' });
    });
    return 'resume';
  },
  pscMsr: completePscMsr,
  psc: completePsc,
  pscMsrVmgexit: completePscMsrVmgexit,
  pscMsrVmgexitRaw: completePscMsrVmgexitRaw,
  pscVmgexit: completePscVmgexit,
  pscVmgexitRaw: completePscVmgexitRaw,
  hypercall: completeHypercall,
  portIn: completePortIn,
  stringIn: completeStringIo,
  stringOut: completeStringIo,
  mmioRead: completeMmio,
  mmioWrite: completeMmio,
  certificates: completeReqCerts,
};

export function completeExit(world: World, vcpu: Vcpu): Handled {
  return completions[vcpu.completion](world, vcpu);
}
