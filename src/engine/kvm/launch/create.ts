/** KVM_CREATE_VM and KVM_CREATE_VCPU. */
import { launchChart } from '../../../machines/launch';
import type { Instance, Variables } from '../../state/schema';
import type { Vm } from '../../state/vm';
import { NO_PFN, type World } from '../../world';
import { resetRegisters } from '../ap/apic';
import { ghcbMsrAtReset } from '../vmgexit/sev-info';
import { allocateKernelPage } from '../memory/kernel-pages';
import { refuseCall } from './sev-call';

/** DR7 at reset. */
const DR7_RESET = 0x400n;

/** Variables of the group that belong to the simulation and survive the VM. */
const kept = [
  'maxPhysicalAddress',
  'cBit',
  'vmrunOracle',
  'instructionHandlersExit',
  'instructionHandlersInert',
  'byteBehindPages',
  'emptyCopiesReadable',
  'tablesComplete',
  'personality',
  'guestProgram',
] as const;

/** Resets KVM's state of a VM to the state before its creation; regions of charts are left unchanged. */
function clearVm(world: World): void {
  const vm = world.vm as unknown as Instance<Variables>;
  const stays = new Set<string>([...kept, ...launchChart.regions.map(({ name }) => name)]);
  for (const { name, offset, words } of world.vm.group.slots) {
    if (stays.has(name)) continue;
    for (let word = 0; word < words; word++) world.arena.write(vm.base + offset + word, 0);
  }
  world.vm.contextPfn = NO_PFN;
  world.vm.responsePfn = NO_PFN;
  world.vm.requestPfn = NO_PFN;
}

export interface VmWanted {
  readonly type: Vm['type'];
  readonly kernelApic: boolean;
}

/** @returns 0 or a negative errno */
export function createVm(world: World, { type, kernelApic }: VmWanted): number {
  const { host, vm } = world;
  const supported = type !== 'tdx' && (host.esEnabled || (type !== 'snp' && type !== 'seves'));
  if (!supported) return refuseCall(world, 'KVM_CREATE_VM', 'VmTypeUnsupported');
  clearVm(world);
  vm.exists = true;
  vm.type = type;
  vm.kernelApic = kernelApic;
  vm.needsInit = type === 'sev' || type === 'seves' || type === 'snp';
  world.sendLaunch({ type: 'CREATE_VM' });
  world.move('ioctlReturns', -1, { call: 'KVM_CREATE_VM', ret: '0', error: '-' });
  return 0;
}

/** Whether vCPUs of this VM have a VMSA page. */
const encryptsState = (vm: Vm): boolean => vm.sevActive && (vm.type === 'snp' || vm.type === 'seves');

/** @returns 0 or a negative errno */
export function createVcpu(world: World): number {
  const { vm } = world;
  const index = vm.vcpuCount;
  const vcpu = world.vcpus[index];
  if (!vcpu) return refuseCall(world, 'KVM_CREATE_VCPU', 'OutOfMemory', 'EINVAL');
  const needsVmsa = encryptsState(vm);
  const page = needsVmsa ? allocateKernelPage(world, 'vmsa') : NO_PFN;
  if (needsVmsa && page === NO_PFN) {
    return refuseCall(world, 'KVM_CREATE_VCPU', 'OutOfMemory', 'ENOMEM');
  }
  world.resetVcpu(vcpu);
  vcpu.exists = true;
  vcpu.launchVmsaPfn = page;
  vcpu.vmcbVmsaPfn = page;
  vcpu.dr7 = DR7_RESET;
  resetRegisters(world, vcpu);
  if (needsVmsa) vcpu.ghcbMsr = ghcbMsrAtReset(world);
  vm.vcpuCount = index + 1;
  world.sendVcpu(vcpu, { type: 'VCPU_CREATED', startsRunnable: index === 0 || !vm.kernelApic });
  world.move('vcpuCreated', index, { vcpu: index, state: vcpu.mpState });
  return 0;
}
