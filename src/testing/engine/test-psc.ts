/** A guest in the middle of its life that asks for page state changes, for unit tests. */
import { gpaToGfn } from '../../abi/address';
import { ghcbPage } from '../../abi/ghcb-page';
import type { ActArguments, PscEntryInput } from '../../engine/acts';
import type { Image } from '../../engine/memory/image';
import { Run } from './test-run';

export const GHCB = 0x3ff000n;

/** A guest in the middle of its life, whose GHCB page is known and shared. */
export function running(spec: string): Run {
  const run = new Run(spec).running();
  run.world.vm.vmrunOracle = 'alwaysEnters';
  if (run.world.vcpu(0).run !== 'inGuest') run.vmm('run', { vcpu: 0 });
  run.world.vm.hypercallExits = true;
  return run.guest('register-ghcb', { gpa: GHCB });
}
/** Its kvm_run. */
export const runOf = ({ world }: Run): Image => world.kvmRun[0] as Image;
const ghcb = ({ world }: Run): Image => world.image('shared', gpaToGfn(GHCB));
/** SW_EXITINFO2 as it stands in the page. */
export const info2 = (run: Run): bigint => ghcbPage.get(ghcb(run), 'swExitInfo2');
/** cur_entry of a buffer at the usual place. */
export const currentEntry = (run: Run): number => ghcb(run).u16(0x800);

export const entry = (operation: number, gfn: number, rest: Partial<PscEntryInput> = {}): PscEntryInput => ({
  operation,
  gfn,
  twoMeg: false,
  currentPage: 0,
  ...rest,
});
export const batch = (run: Run, args: ActArguments<'guest', 'psc'>): Run => run.guest('psc', args);
export const [PRIVATE, SHARED, SMASH] = [1, 2, 3];

/** What leaves KVM for a batch, each exit answered with success by a VMM that changes nothing. */
export function exitsOf(run: Run, args: ActArguments<'guest', 'psc'>): string[] {
  const exits: string[] = [];
  batch(run, args);
  for (let n = 0; n < 8; n++) {
    exits.push(...run.steps.filter((step) => /^(HYPERCALL|VMGEXIT)/.test(step)));
    if (run.world.vcpu(0).run === 'inGuest') break;
    run.vmm('answer', { vcpu: 0, ret: 0n }).vmm('run', { vcpu: 0 });
  }
  return exits;
}
