/** From what a value asks for to the lines of a scenario: the machine it needs, the launch before it, the acts. */
import { gfnToGpa, gpaToGfn } from '../../abi/address';
import { SVM_VMGEXIT_AP_CREATION } from '../../abi/nae';
import type { Act, GuestAct, VmmAct } from '../../engine/acts';
import { MAX_MEMORY_BYTES, MAX_VCPUS } from '../../base/limits';
import type { ProfileId } from '../../profiles/profiles';
import { memoryRegions } from '../machine';
import { actLine, defaultVm, type Line, type Scenario, type VmSettings } from '../scenario';

/** What becomes of a value. */
export interface Plan {
  readonly title: string;
  /** What the value does not say and was filled in, one sentence each. */
  readonly notes?: readonly string[];
  readonly vm?: Partial<VmSettings>;
  /** The kernel under which it comes to that, where the usual one does otherwise. */
  readonly profile?: ProfileId;
  /** Acts before the launch: faults of the host that it is to meet. */
  readonly before?: readonly Act[];
  /** The acts of the launch when it is not the usual one; `host` is a launch that ends where the VMM gives up. */
  readonly launch?: readonly Act[] | 'host';
  readonly acts: readonly Act[];
}

/** A plan, or the sentence that says why there is none. */
export type Planned = Plan | string;

type ArgsOf<A extends { verb: string; args: unknown }, V> = Extract<A, { verb: V }>['args'];

/** An act of the guest on its first vCPU. */
export const guest = <V extends GuestAct['verb']>(verb: V, args: ArgsOf<GuestAct, V>): Act =>
  ({ actor: 'guest', vcpu: 0, verb, args }) as GuestAct;
export const vmm = <V extends VmmAct['verb']>(verb: V, args: ArgsOf<VmmAct, V>): Act =>
  ({ actor: 'vmm', verb, args }) as VmmAct;

/** A frame of the guest's memory that nothing else of these scenarios uses. */
export const FREE_GPA = 0x20_0000n;
export const OTHER_FREE_GPA = 0x20_1000n;
/** A page that the usual launch leaves valid, and that is not aligned to 2M. */
export const VALID_GPA = 0x12_1000n;
/** Where a guest in 4M keeps its GHCB page. */
export const GHCB_GPA = 0x3f_f000n;

/** Memory in bytes, doubled until all frames lie in it; nothing when no machine of these scenarios has them. */
export function memoryFor(gpas: readonly bigint[]): number | undefined {
  for (let memory = defaultVm.memory; memory <= MAX_MEMORY_BYTES; memory *= 2) {
    const regions = memoryRegions({ ...defaultVm, memory });
    const isInside = (gpa: bigint) =>
      regions.some(({ gfn, n }) => gpa >= gfnToGpa(gfn) && gpa < gfnToGpa(gfn + n));
    if (gpas.every(isInside)) return memory;
  }
  return undefined;
}

/** The machine whose memory holds these addresses; the usual one where none does, as KVM then says. */
export function machineWith(...gpas: readonly bigint[]): Partial<VmSettings> {
  const memory = memoryFor(gpas);
  return memory === undefined || memory === defaultVm.memory ? {} : { memory };
}

/** Enough vCPUs that one has this APIC id, where that can be. */
export const vcpusFor = (apicId: number): Partial<VmSettings> =>
  apicId >= defaultVm.vcpus && apicId < MAX_VCPUS ? { vcpus: apicId + 1 } : {};

/** The memory slots of a machine, as a VMM makes them. */
export const slotsOf = (vm: Partial<VmSettings>): Act[] =>
  memoryRegions({ ...defaultVm, ...vm }).map((region) => vmm('memslot', region));

/** A page becomes the guest's own and valid. */
export const acceptPage = (gpa: bigint): Act[] => [
  guest('msr-psc', { gfn: gpaToGfn(gpa), op: 'private' }),
  guest('pvalidate', { gpa }),
];

/** Whether an act names another vCPU, which would be the caller itself. */
const namesVcpu = ({ verb, args }: Act): boolean =>
  'target' in args || (verb === 'nae' && 'code' in args && args.code === BigInt(SVM_VMGEXIT_AP_CREATION));

/** The plan with its requests on another vCPU, which the first one starts. Where that cannot be a note says so. */
export function madeOn(plan: Plan, vcpu: number): Plan {
  const { vm = {}, launch, acts, notes = [] } = plan;
  if (vcpu === 0 || !acts.some(({ actor }) => actor === 'guest')) return plan;
  const canBe =
    launch === undefined &&
    vcpu < MAX_VCPUS &&
    (vm.vcpus ?? defaultVm.vcpus) >= defaultVm.vcpus &&
    !acts.some(namesVcpu);
  if (!canBe)
    return { ...plan, notes: [...notes, `The line is of vCPU ${vcpu}; here vCPU 0 makes the request.`] };
  const vcpus = Math.max(vm.vcpus ?? 0, vcpu + 1);
  return {
    ...plan,
    vm: vcpus > defaultVm.vcpus ? { ...vm, vcpus } : vm,
    acts: [
      guest('init-sipi', { target: vcpu }),
      ...acts.map((act) => (act.actor === 'guest' ? { ...act, vcpu } : act)),
    ],
  };
}

export function scenarioOf({ title, notes = [], vm, profile, before = [], launch, acts }: Plan): Scenario {
  const lines: Line[] = [{ kind: 'title', text: title }];
  if (profile) lines.push({ kind: 'profile', specs: [profile] });
  if (vm && Object.keys(vm).length > 0) lines.push(vmLine(vm));
  lines.push({ kind: 'guest', program: 'manual' }, { kind: 'host', personality: 'qemu' });
  lines.push(...notes.map((text): Line => ({ kind: 'note', text })));
  lines.push(...before.map(actLine));
  if (launch === undefined) lines.push({ kind: 'launch' });
  else if (launch === 'host') lines.push({ kind: 'launch', by: 'host' });
  else lines.push(...launch.map(actLine));
  lines.push(...acts.map(actLine));
  return { lines };
}

function vmLine(settings: Partial<VmSettings>): Line {
  const written = Object.entries(settings).map(([name, value]) => ({ name, text: settingText(name, value) }));
  return { kind: 'vm', settings, written };
}

const settingText = (name: string, value: number): string =>
  name === 'memory' ? `${value / 2 ** 20}M` : String(value);
