/** What `launch standard` stands for: the acts of a whole launch in the order in which QEMU makes them. */
import type { Act, VmmAct } from '../engine/acts';
import { personalities } from '../engine/vmm/personalities/all';
import { SVSM_CPUID, SVSM_HEAP, SVSM_IMAGE, SVSM_SECRETS } from '../engine/guest/programs/machine';
import { usesGuestMemfd } from '../profiles/facets/guest-memory';
import type { ResolvedProfile } from '../profiles/resolve';
import { memoryRegions, type MemoryRegion } from './machine';
import type { GuestProgram, Head } from './scenario';

type PageType = Extract<VmmAct, { verb: 'launch-update' }>['args']['type'];

/** Pages that LAUNCH_UPDATE fills. */
export interface InitialPages extends MemoryRegion {
  readonly type: PageType;
}

/** The parts of OVMF's metadata that SNP needs, in table order, behind the firmware image itself. */
const ovmfPages: readonly InitialPages[] = [
  { gfn: 0x800, n: 9, type: 'zero' },
  { gfn: 0x80a, n: 3, type: 'zero' },
  { gfn: 0x80d, n: 1, type: 'secrets' },
  { gfn: 0x80e, n: 1, type: 'cpuid' },
  { gfn: 0x80f, n: 1, type: 'zero' },
  { gfn: 0x810, n: 1, type: 'normal' },
  { gfn: 0x811, n: 15, type: 'zero' },
];

/** What an IGVM file holds for coconut-svsm: its image, the two pages from the firmware, and memory for its heap. */
const svsmPages: readonly InitialPages[] = [
  { ...SVSM_IMAGE, type: 'normal' },
  { gfn: SVSM_SECRETS, n: 1, type: 'secrets' },
  { gfn: SVSM_CPUID, n: 1, type: 'cpuid' },
  { ...SVSM_HEAP, type: 'zero' },
];

/** What a guest without firmware finds: some valid pages to make VMSAs of, and some to work with. */
const barePages: readonly InitialPages[] = [
  { gfn: 0x120, n: 8, type: 'zero' },
  { gfn: 0x140, n: 8, type: 'zero' },
];

/** The pages that LAUNCH_UPDATE fills for the guest of a scenario. */
export function initialPages(head: Head): InitialPages[] {
  const regions = memoryRegions(head.vm);
  const flash = head.vm.flash > 0 ? regions.at(-1) : undefined;
  const firmware: InitialPages[] = flash ? [{ ...flash, type: 'normal' }] : [];
  const pages: Record<GuestProgram, readonly InitialPages[]> = {
    linux: ovmfPages,
    ovmf: ovmfPages,
    svsm: svsmPages,
    selftest: [{ gfn: 0x100, n: 4, type: 'normal' }],
    manual: barePages,
    storm: barePages,
  };
  const inMemory = pages[head.guest].filter(({ gfn }) =>
    regions.some((r) => gfn >= r.gfn && gfn < r.gfn + r.n),
  );
  return [...firmware, ...inMemory];
}

/** An act of the VMM. */
export const vmm = (act: Omit<VmmAct, 'actor'>): Act => ({ actor: 'vmm', ...act }) as VmmAct;

/**
 * The acts of the launch, by a VMM of the time of this kernel: where there are attributes, the personality decides when
 * memory becomes private; before them the slots' memory is registered.
 */
export function standardLaunch(head: Head, profile: ResolvedProfile): Act[] {
  const hasAttributes = usesGuestMemfd(profile.facets['mem.private']);
  const privateAtLaunch = hasAttributes ? personalities[head.host].privateAtLaunch : 'never';
  const regions = memoryRegions(head.vm);
  const vcpus = Array.from({ length: head.vm.vcpus }, (_, vcpu) => vcpu);
  const setPrivate = ({ gfn, n }: MemoryRegion): Act =>
    vmm({ verb: 'set-attributes', args: { gfn, n, private: true } });
  const updates = initialPages(head).flatMap((pages): Act[] => [
    ...(privateAtLaunch === 'ranges' ? [setPrivate(pages)] : []),
    vmm({ verb: 'launch-update', args: pages }),
  ]);
  return [
    vmm({ verb: 'create-vm', args: {} }),
    vmm({ verb: 'init2', args: {} }),
    vmm({ verb: 'hypercall-exits', args: {} }),
    vmm({ verb: 'launch-start', args: {} }),
    ...regions.map((region) => vmm({ verb: 'memslot', args: region })),
    ...vcpus.map(() => vmm({ verb: 'create-vcpu', args: {} })),
    ...(privateAtLaunch === 'allMemory' ? regions.map(setPrivate) : []),
    ...updates,
    vmm({ verb: 'launch-finish', args: {} }),
    ...vcpus.map((vcpu) => vmm({ verb: 'run', args: { vcpu } })),
  ];
}
