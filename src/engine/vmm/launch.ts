/** The launch ioctls as a VMM calls them. */
import { bytesToPages, pagesToBytes } from '../../abi/address';
import { hex } from '../../base/hex';
import {
  KVM_SEV_INIT2,
  KVM_SEV_SNP_LAUNCH_FINISH,
  KVM_SEV_SNP_LAUNCH_START,
  KVM_SEV_SNP_LAUNCH_UPDATE,
  KVM_SEV_SNP_PAGE_TYPE_CPUID,
  KVM_SEV_SNP_PAGE_TYPE_NORMAL,
  KVM_SEV_SNP_PAGE_TYPE_SECRETS,
  KVM_SEV_SNP_PAGE_TYPE_UNMEASURED,
  KVM_SEV_SNP_PAGE_TYPE_VMSA,
  KVM_SEV_SNP_PAGE_TYPE_ZERO,
  launchUpdateTypes,
} from '../../abi/kvm-structs';
import { errno, errnoText } from '../../abi/errno';
import { copiesFromUserspace } from '../../profiles/facets/launch-update';
import { refused, type ActArguments, type Outcome } from '../acts';
import { wrongCpuid } from '../firmware/cpuid-page';
import { createVcpu, createVm } from '../kvm/launch/create';
import { initCommand } from '../kvm/launch/init2';
import { decodeLaunchUpdate, encodeLaunchUpdate, structHasFlags } from '../kvm/launch/launch-update-struct';
import type { LaunchFinishArguments } from '../kvm/launch/launch-finish';
import { sevMemEncIoctl, type SevRequest } from '../kvm/launch/sev-command';
import { closeFiles, killVmm } from '../kvm/teardown/close-files';
import { fillPages, uaddrOfGfn, USER_BUFFERS } from '../kvm/memory/user-memory';
import type { HandlersOf } from '../handlers';
import { refusesCalls } from '../kvm/threads/locks';
import { threadNames } from '../state/thread';
import { fillCpuid } from './cpuid-table';
import type { World } from '../world';

const pageTypes = {
  normal: KVM_SEV_SNP_PAGE_TYPE_NORMAL,
  vmsa: KVM_SEV_SNP_PAGE_TYPE_VMSA,
  zero: KVM_SEV_SNP_PAGE_TYPE_ZERO,
  unmeasured: KVM_SEV_SNP_PAGE_TYPE_UNMEASURED,
  secrets: KVM_SEV_SNP_PAGE_TYPE_SECRETS,
  cpuid: KVM_SEV_SNP_PAGE_TYPE_CPUID,
} as const;

const names = {
  [KVM_SEV_SNP_LAUNCH_START]: 'KVM_SEV_SNP_LAUNCH_START',
  [KVM_SEV_SNP_LAUNCH_UPDATE]: 'KVM_SEV_SNP_LAUNCH_UPDATE',
  [KVM_SEV_SNP_LAUNCH_FINISH]: 'KVM_SEV_SNP_LAUNCH_FINISH',
} as const;

/** Short text of a command's arguments. */
function detailOf(request: Exclude<SevRequest, { id: 'other' }>): string {
  switch (request.id) {
    case KVM_SEV_INIT2:
      return `features ${hex(request.args.vmsaFeatures)} version ${request.args.ghcbVersion}`;
    case KVM_SEV_SNP_LAUNCH_START:
      return `policy ${hex(request.args.policy)}`;
    case KVM_SEV_SNP_LAUNCH_UPDATE: {
      const { type, gfnStart, len, uaddr } = request.args;
      const name = launchUpdateTypes[type as keyof typeof launchUpdateTypes] ?? `type ${type}`;
      return `${name} gfn ${hex(gfnStart)} len ${hex(len)} from ${hex(uaddr)}`;
    }
    case KVM_SEV_SNP_LAUNCH_FINISH:
      return request.args.idBlockEnabled ? 'with ID block' : '';
  }
}

/** One KVM_MEMORY_ENCRYPT_OP with everything readable and writable. */
function command(
  world: World,
  request: Exclude<SevRequest, { id: 'other' }>,
  fd: 'sev' | 'bad' | undefined,
): Outcome {
  if (!world.vm.exists) return refused('there is no VM');
  const call = request.id === KVM_SEV_INIT2 ? initCommand(world) : names[request.id];
  world.move('ioctl', -1, { call, detail: detailOf(request) });
  const reply = sevMemEncIoctl(world, { command: 'ok', argument: 'ok', sevDevice: fd !== 'bad' }, request);
  if (request.id === KVM_SEV_SNP_LAUNCH_UPDATE) {
    const left = reply.progress ?? request.args;
    world.vm.updateLeft = left.len;
    world.vm.updateGfn = BigInt(left.gfnStart);
    world.vm.updateUaddr = left.uaddr;
    world.vm.updateReported = reply.progress !== undefined;
  }
  const error = reply.error === undefined ? 'not written' : `0x${reply.error.toString(16)}`;
  world.move('ioctlReturns', -1, { call, ret: errnoText(reply.ret), error });
  return undefined;
}

/** Refuses flags for which the struct of this kernel has no field. */
const flagsMissing = (world: World, flags = 0): Outcome =>
  flags === 0 || structHasFlags(world) ? undefined : refused('the struct of this kernel has no flags');

/** Default source address for a frame's bytes in this kernel: guest memory, or a separate buffer. */
const usualSource = (world: World, gfn: number): bigint =>
  copiesFromUserspace(world.facet('lu.source')) ? USER_BUFFERS + pagesToBytes(gfn) : uaddrOfGfn(gfn);

function launchUpdate(world: World, args: ActArguments<'vmm', 'launch-update'>): Outcome {
  const len = args.len ?? pagesToBytes(args.n ?? 1);
  const uaddr = args.uaddr ?? usualSource(world, args.gfn);
  const flags = args.flags ?? 0;
  const impossible = flagsMissing(world, flags);
  if (impossible) return impossible;
  const wrong = args['wrong-leaf'];
  const content = wrong === undefined ? args.content : wrongCpuid(wrong, args['wrong-register'] ?? 'eax');
  if (content !== undefined) fillPages(world, uaddr, bytesToPages(len), content);
  const struct = encodeLaunchUpdate(world, {
    gfnStart: args.gfn,
    uaddr,
    len,
    type: pageTypes[args.type],
    flags,
  });
  return command(world, { id: KVM_SEV_SNP_LAUNCH_UPDATE, args: decodeLaunchUpdate(world, struct) }, args.fd);
}

/** The VMM makes the VM an SNP guest; parameters without a field in this kernel's command are refused. */
function initialise(world: World, args: ActArguments<'vmm', 'init2'>): Outcome {
  const features = args.features ?? 0n;
  const ghcbVersion = args['ghcb-version'] ?? 0;
  const flagsOnly = world.vm.exists && initCommand(world) === 'KVM_SEV_SNP_INIT';
  if (flagsOnly && (features !== 0n || ghcbVersion !== 0)) {
    return refused('KVM_SEV_SNP_INIT takes flags alone');
  }
  const request = { vmsaFeatures: features, flags: args.flags ?? 0, ghcbVersion };
  return command(world, { id: KVM_SEV_INIT2, args: request }, 'sev');
}

/** What the firmware finds in an ID block, by the words of the act. */
const idBlockVerdicts = {
  no: 'good',
  yes: 'good',
  'bad-digest': 'digestDiffers',
  'bad-policy': 'policyDiffers',
  'bad-algorithm': 'algorithm',
  'bad-signature': 'signature',
} as const;

function finishArguments(args: ActArguments<'vmm', 'launch-finish'>): LaunchFinishArguments {
  const { 'id-block': idBlock = 'no', author = 'no' } = args;
  return {
    idBlockEnabled: idBlock !== 'no',
    authKeyEnabled: author !== 'no',
    vcekDisabled: args.vcek === false,
    flags: args.flags ?? 0,
    idBlockUaddr: args['id-block-uaddr'] ?? USER_BUFFERS,
    idAuthUaddr: args['id-auth-uaddr'] ?? USER_BUFFERS,
    idBlockVerdict: idBlockVerdicts[idBlock],
    authorSignatureGood: author !== 'bad-signature',
  };
}

/** VM types by the words of the act. */
const vmTypes = {
  snp: 'snp',
  seves: 'seves',
  sev: 'sev',
  'sw-protected': 'swProtected',
  default: 'default',
} as const;

/** VMM acts that make and launch a VM. */
export const launchHandlers = {
  'create-vm': (world, args) => {
    if (world.vm.exists) return refused('this host has one VM, and it exists');
    world.vm.ioctlRet = createVm(world, {
      type: vmTypes[args.type ?? 'snp'],
      kernelApic: args.apic !== 'userspace',
    });
    return undefined;
  },
  'create-vcpu': (world, { half, thread }) => {
    if (!world.vm.exists) return refused('there is no VM');
    if (world.vm.vcpuCount >= world.vcpus.length) return refused('this world has no room for another vCPU');
    if (half) {
      const holdsLock = world.facetOrUnspecified('lf.vcpuCreation') === 'waits';
      if (holdsLock) world.vm.lockHolder = thread ?? threadNames[world.vm.vcpuCount + 1] ?? 'main';
      world.vm.creatingVcpus += 1;
      world.move('ioctl', -1, { call: 'KVM_CREATE_VCPU', detail: 'is in progress' });
      return undefined;
    }
    if (world.vm.creatingVcpus > 0) {
      world.vm.creatingVcpus -= 1;
      world.vm.lockHolder = 'none';
    }
    if (world.vm.personality !== 'manual' && world.vm.vcpuCount === 0) fillCpuid(world);
    world.vm.ioctlRet = refusesCalls(world) ? -errno.EIO : createVcpu(world);
    return undefined;
  },
  'close-vcpu': (world, { vcpu }) => {
    if (!world.vcpus[vcpu]?.exists) return refused(`there is no vCPU ${vcpu}`);
    world.move('vcpuClosed', vcpu, { vcpu }, 'VcpuOutlivesItsFile');
    return undefined;
  },
  init2: initialise,
  'launch-start': (world, args) =>
    flagsMissing(world, args.flags) ??
    command(
      world,
      { id: KVM_SEV_SNP_LAUNCH_START, args: { policy: args.policy ?? 0x30000n, flags: args.flags ?? 0 } },
      args.fd,
    ),
  'launch-update': launchUpdate,
  'launch-finish': (world, args) =>
    flagsMissing(world, args.flags) ??
    command(world, { id: KVM_SEV_SNP_LAUNCH_FINISH, args: finishArguments(args) }, args.fd),
  'assume-es-launch': (world) => {
    const { vm } = world;
    if (!vm.exists || vm.type !== 'seves' || !vm.sevActive) return refused('there is no active SEV-ES VM');
    const vcpus = world.vcpus.filter((vcpu) => vcpu.exists);
    if (vcpus.length === 0) return refused('there is no vCPU to launch');
    for (const vcpu of vcpus) vcpu.guestStateProtected = true;
    world.move('esLaunchAssumed', -1, {}, 'EsLaunchAssumed');
    return undefined;
  },
  destroy: (world, { gmem }) => {
    if (!world.vm.exists) return refused('there is no VM');
    closeFiles(world, gmem);
    return undefined;
  },
  kill: (world) => {
    if (!world.vm.exists) return refused('there is no VM');
    if (world.vm.killed) return refused('the VMM is being killed already');
    killVmm(world);
    return undefined;
  },
} satisfies Partial<HandlersOf<'vmm'>>;
