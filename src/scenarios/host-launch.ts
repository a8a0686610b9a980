/**
 * `launch by=host`: the personality launches the VM by itself, in its own order, looks at what each call returns, and gives
 * up at the first that fails.
 */
import { errno } from '../abi/errno';
import type { Act, VmmAct } from '../engine/acts';
import type { World } from '../engine/world';
import { usesGuestMemfd } from '../profiles/facets/guest-memory';
import type { ResolvedProfile } from '../profiles/resolve';
import { initialPages, vmm, type InitialPages } from './launch';
import { memoryRegions, type MemoryRegion } from './machine';
import type { Head } from './scenario';

/** Yields an act, is told why it was refused, and returns whether the launch goes on. */
type Launching = Generator<Act, boolean, string | undefined>;
type Update = Extract<VmmAct, { verb: 'launch-update' }>['args'];

interface Plan {
  readonly world: World;
  readonly head: Head;
  readonly regions: readonly MemoryRegion[];
  /** Memory has attributes: the kernel is one with guest_memfd. */
  readonly hasAttributes: boolean;
}

/** The acts of the launch, each after the personality has seen the result of the one before. */
export function* hostLaunch(head: Head, profile: ResolvedProfile, world: World): Launching {
  const regions = memoryRegions(head.vm);
  const plan = { world, head, regions, hasAttributes: usesGuestMemfd(profile.facets['mem.private']) };
  const succeeded = yield* head.host === 'cloud-hypervisor' ? cloudHypervisor(plan) : qemu(plan);
  if (!succeeded) {
    yield vmm({ verb: 'give-up', args: {} });
    return false;
  }
  for (let vcpu = 0; vcpu < head.vm.vcpus; vcpu++) yield vmm({ verb: 'run', args: { vcpu } });
  return true;
}

/** One call. @returns whether it succeeded */
function* call({ world }: Plan, act: Omit<VmmAct, 'actor'>): Launching {
  const refused = yield vmm(act);
  return refused === undefined && world.vm.ioctlRet === 0;
}

/** Calls in order. @returns whether all succeeded; the first that fails is the last one made */
function* each(plan: Plan, acts: readonly Omit<VmmAct, 'actor'>[]): Launching {
  for (const act of acts) if (!(yield* call(plan, act))) return false;
  return true;
}

const memslots = ({ regions }: Plan): Omit<VmmAct, 'actor'>[] =>
  regions.map((region) => ({ verb: 'memslot', args: region }));
const vcpus = ({ head }: Plan): Omit<VmmAct, 'actor'>[] =>
  Array.from({ length: head.vm.vcpus }, () => ({ verb: 'create-vcpu', args: {} }));
const makePrivate = ({ gfn, n }: MemoryRegion): Omit<VmmAct, 'actor'> => ({
  verb: 'set-attributes',
  args: { gfn, n, private: true },
});

/** QEMU: sev_snp_kvm_init, sev_snp_launch_start, sev_snp_launch_update for each region, sev_snp_launch_finish. */
function* qemu(plan: Plan): Launching {
  const { head, hasAttributes } = plan;
  const begun = yield* each(plan, [
    { verb: 'create-vm', args: {} },
    { verb: 'init2', args: {} },
    { verb: 'hypercall-exits', args: {} },
    { verb: 'launch-start', args: {} },
    ...memslots(plan),
    ...vcpus(plan),
  ]);
  if (!begun) return false;
  const setsPrivate = hasAttributes && head.host !== 'forgets-private';
  for (const pages of initialPages(head)) {
    if (setsPrivate && !(yield* call(plan, makePrivate(pages)))) return false;
    if (!(yield* updateUntilDone(plan, pages))) return false;
  }
  return yield* call(plan, { verb: 'launch-finish', args: {} });
}

/** LAUNCH_UPDATE again while `len` is left or it returns -EAGAIN. Where KVM reports no progress there is one call. */
function* updateUntilDone(plan: Plan, { gfn, n, type }: InitialPages): Launching {
  const { vm } = plan.world;
  for (let args: Update = { gfn, n, type }; ;) {
    const done = yield* call(plan, { verb: 'launch-update', args });
    if (!done && vm.ioctlRet !== -errno.EAGAIN) return false;
    if (!vm.updateReported || vm.updateLeft === 0n) return done;
    args = { gfn: Number(vm.updateGfn), len: vm.updateLeft, uaddr: vm.updateUaddr, type };
  }
}

/** cloud-hypervisor: all memory private with its slots, the vCPUs before LAUNCH_START, then the IGVM pages one by one. */
function* cloudHypervisor(plan: Plan): Launching {
  const { head, regions, hasAttributes } = plan;
  const begun = yield* each(plan, [
    { verb: 'create-vm', args: {} },
    { verb: 'hypercall-exits', args: {} },
    { verb: 'init2', args: {} },
    ...memslots(plan),
    ...(hasAttributes ? regions.map(makePrivate) : []),
    ...vcpus(plan),
    { verb: 'launch-start', args: {} },
  ]);
  if (!begun) return false;
  for (const { gfn, n, type } of initialPages(head)) {
    for (let page = gfn; page < gfn + n; page++) {
      if (!(yield* importPage(plan, { gfn: page, n: 1, type }))) return false;
    }
  }
  return yield* call(plan, { verb: 'launch-finish', args: {} });
}

/** import_isolated_pages: the attribute again, then the page; a refused CPUID page is imported once more as corrected. */
function* importPage(plan: Plan, page: InitialPages): Launching {
  const acts: readonly Omit<VmmAct, 'actor'>[] = [
    ...(plan.hasAttributes ? [makePrivate(page)] : []),
    { verb: 'launch-update', args: page },
  ];
  if (yield* each(plan, acts)) return true;
  return page.type === 'cpuid' && (yield* each(plan, acts));
}
