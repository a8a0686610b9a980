/** Requester, target, and the pages of requests in the vCPU chart. */
import type { Act } from '../../engine/acts';
import type { Vcpu } from '../../engine/state/vcpu';
import type { World } from '../../engine/world';
import { guest, vmm, type EventStep } from './chart';

export const CALLER = 0;
export const TARGET = 1;
/** The VMSA of an earlier request, and the one of the event. */
export const FIRST_VMSA = 0x121000n;
export const SECOND_VMSA = 0x122000n;
export const TWO_MEG_VMSA = 0x200000n;
/** A valid page that no RMPADJUST made a VMSA. */
export const PLAIN_PAGE = 0x140000n;
export const MEMORY = 4 << 20;
export const BEYOND_SLOTS = BigInt(MEMORY) + 0x1000n;
export const UNKNOWN_APIC_ID = 9;

export const target = (world: World): Vcpu => world.vcpu(TARGET);

/** The postings of 2021 require a valid RAX for a DESTROY too. */
export const destroy = (world: World): Act =>
  guest(CALLER, 'ap-destroy', { target: TARGET, features: world.vm.vmsaFeatures });

/** A request for the target is pending; some kernels also arm the next INIT with it. */
export const createWaits: readonly Vcpu['creation'][] = ['updatePending', 'updateUnarmed'];
export const destroyWaits: readonly Vcpu['creation'][] = ['destroyPending', 'destroyUnarmed'];

/** The VMM calls KVM_RUN again. */
export const runAgain: EventStep = (world) =>
  target(world).run === 'inUserspace' ? vmm('run', { vcpu: TARGET }) : undefined;
