/** The calls of userspace that take locks: their names, and which locks they take, in this order. */
import { usesGuestMemfd } from '../../profiles/facets/guest-memory';
import type { ActArguments } from '../acts';
import { takesVcpuMutexes } from '../kvm/launch/launch-finish';
import { gmemLock, slotsLock, vcpuMutex, vmLock, type Lock } from '../kvm/threads/locks';
import type { LockingCall } from '../state/thread';
import type { World } from '../world';
import { vcpuOfPreFault } from './memory';

/** A call of a given verb. */
interface Call<V extends LockingCall> {
  readonly name: (args: ActArguments<'vmm', V>) => string;
  readonly locks: (world: World, args: ActArguments<'vmm', V>) => readonly Lock[];
}

const nothing: readonly Lock[] = [];
const ofVcpu = (world: World, { vcpu }: { readonly vcpu: number }): readonly Lock[] =>
  world.vcpus[vcpu]?.exists ? [vcpuMutex(vcpu)] : nothing;
const ofVm = (): readonly Lock[] => [vmLock];
const ofSlots = (): readonly Lock[] => [slotsLock];
const hasGmem = (world: World): boolean => usesGuestMemfd(world.profile.facets['mem.private']);

export const calls: { readonly [V in LockingCall]: Call<V> } = {
  run: { name: () => 'KVM_RUN', locks: ofVcpu },
  'set-mp-state': { name: () => 'KVM_SET_MP_STATE', locks: ofVcpu },
  'get-mp-state': { name: () => 'KVM_GET_MP_STATE', locks: ofVcpu },
  'vcpu-state': {
    name: ({ op, what }) => `KVM_${op}_${what}`.toUpperCase().replace('-', '_'),
    locks: ofVcpu,
  },
  'pre-fault': {
    name: () => 'KVM_PRE_FAULT_MEMORY',
    locks: (world, { vcpu }) => {
      const found = vcpuOfPreFault(world, vcpu);
      return found ? [vcpuMutex(found.index)] : nothing;
    },
  },
  'create-vcpu': { name: () => 'KVM_CREATE_VCPU', locks: ofVm },
  init2: { name: () => 'KVM_SEV_INIT2', locks: ofVm },
  'enable-certs': { name: () => 'KVM_SEV_SNP_ENABLE_REQ_CERTS', locks: ofVm },
  'launch-start': { name: () => 'KVM_SEV_SNP_LAUNCH_START', locks: ofVm },
  'launch-update': {
    name: () => 'KVM_SEV_SNP_LAUNCH_UPDATE',
    locks: (world) => (hasGmem(world) ? [vmLock, slotsLock, gmemLock] : [vmLock]),
  },
  'launch-finish': {
    name: () => 'KVM_SEV_SNP_LAUNCH_FINISH',
    locks: (world, { flags }) => {
      if (!takesVcpuMutexes(world, { flags: flags ?? 0 })) return [vmLock];
      const existing = world.vcpus.filter(({ exists }) => exists);
      return [vmLock, ...existing.map(({ index }) => vcpuMutex(index))];
    },
  },
  'sev-command': { name: ({ id }) => `KVM_MEMORY_ENCRYPT_OP ${id}`, locks: ofVm },
  'register-region': { name: () => 'KVM_MEMORY_ENCRYPT_REG_REGION', locks: ofVm },
  memslot: { name: () => 'KVM_SET_USER_MEMORY_REGION2', locks: ofSlots },
  'set-attributes': { name: () => 'KVM_SET_MEMORY_ATTRIBUTES', locks: ofSlots },
  'punch-hole': { name: () => 'fallocate', locks: () => [gmemLock] },
  'close-gmem': { name: () => 'close', locks: () => [slotsLock, gmemLock] },
};
