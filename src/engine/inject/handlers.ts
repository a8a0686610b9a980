/** All acts that inject: they arm a fault, or change the host behind KVM's back. */
import { refused, type Outcome } from '../acts';
import { allocations, ANY, armFault, type FaultToArm } from '../faults';
import { gmemPageOf, slotHasGmem, slotOf } from '../frames/slots';
import { gmemMemoryFailure } from '../kvm/memory/gmem';
import type { HandlersOf } from '../handlers';
import { hostPageBits } from '../memory/page-bits';
import { MIN_SEV_ASID } from '../state/host';
import type { World } from '../world';

function arm(world: World, fault: FaultToArm): Outcome {
  return armFault(world, fault) ? undefined : refused('no room for one more fault');
}

export const injectHandlers: HandlersOf<'inject'> = {
  firmware: (world, { command, nth, status }) =>
    arm(world, {
      kind: 'firmware',
      what: command === undefined ? ANY : Number(command),
      nth: nth ?? 1,
      status: Number(status),
    }),
  rmpupdate: (world, { nth, code }) => arm(world, { kind: 'rmpupdate', nth: nth ?? 1, status: code }),
  psmash: (world, { nth, code }) => arm(world, { kind: 'psmash', nth: nth ?? 1, status: code }),
  allocation: (world, { what, nth }) =>
    arm(world, { kind: 'allocation', what: allocations.indexOf(what), nth: nth ?? 1, status: 0 }),
  'ciphertext-hiding': (world, { asids }) => {
    if (world.host.asidsUsed !== 0) return refused('an ASID is in use already');
    if (asids < 1 || asids >= MIN_SEV_ASID)
      return refused(`SNP guests share the ASIDs 1 to ${MIN_SEV_ASID - 1}`);
    world.host.ciphertextHidingAsids = asids;
    return undefined;
  },
  'panic-on-oops': (world) => {
    world.host.panicOnOops = true;
    return undefined;
  },
  'no-direct-map': (world, { gfn }) => {
    const slot = slotOf(world, gfn);
    if (!slot) return refused('no memory slot covers this frame');
    const { hostPage } = world.pages;
    const pfn = gmemPageOf(slot, gfn);
    hostPage.set(pfn, hostPage.get(pfn) | hostPageBits.noDirectMap);
    return undefined;
  },
  'memory-failure': (world, { gfn }) => {
    const slot = slotOf(world, gfn);
    if (!slotHasGmem(slot)) return refused('no private page is behind this frame');
    const pfn = gmemPageOf(slot, gfn);
    gmemMemoryFailure(world, pfn);
    world.move('gmemDamaged', -1, { pfn }, 'GmemMemoryFailure');
    return undefined;
  },
  'pv-unhalt': (world, { vcpu: index }) => {
    const vcpu = world.vcpus[index];
    if (!vcpu?.exists) return refused(`vCPU ${index} was not created`);
    vcpu.pvUnhalted = true;
    return undefined;
  },
  answer: (world, { nth, ret }) => arm(world, { kind: 'answer', nth: nth ?? 1, status: Number(ret) }),
};
