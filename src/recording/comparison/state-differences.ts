/** Differences between the states of several runs, one position of each: declared variables, bytes and pages, by name. */
import {
  formatVariable,
  type Group,
  type Instance,
  type Slot,
  type Variables,
} from '../../engine/state/schema';
import type { World } from '../../engine/world';
import { ghcbDifferences, imageDifferences, kvmRunFieldDifferences } from './byte-differences';
import type { FieldDifference } from './model';
import { pageDifferences, vmsaDifferences } from './page-differences';
import type { Timeline } from '../timeline/timeline';

/** The worlds of several runs, each at its own position, to be read at once. */
export const worldsAt = (timelines: readonly Timeline[], positions: readonly number[]): readonly World[] =>
  timelines.map((timeline, run) => timeline.at(positions[run] ?? 0).world);

/** Whether a comparison reports the variables of an instance. Those of page images depend on the order of allocation. */
export const isReported = (instance: string): boolean => !/^image\d+$/.test(instance);

/** Everything declared that differs: the vCPUs with their kvm_run and GHCB first, then the VM, the pages, the rest. */
export function stateDifferences(
  timelines: readonly Timeline[],
  positions: readonly number[],
): FieldDifference[] {
  const worlds = worldsAt(timelines, positions);
  const most = Math.max(0, ...worlds.map(({ config }) => config.vcpus));
  const vcpus = Array.from({ length: most }, (_, vcpu) => vcpu);
  const guestVisible = vcpus.flatMap((vcpu) => [
    ...instanceDifferences(worlds, (name) => name === `v${vcpu}`),
    ...kvmRunFieldDifferences(worlds, vcpu),
    ...ghcbDifferences(worlds, vcpu),
  ]);
  return [
    ...guestVisible,
    ...instanceDifferences(worlds, (name) => name === 'vm'),
    ...vmsaDifferences(worlds),
    ...pageDifferences(worlds),
    ...instanceDifferences(worlds, (name) => isReported(name) && !/^(v\d+|vm)$/.test(name)),
    ...imageDifferences(worlds),
  ];
}

/** Variables of the selected instances, in declared order; machines of another size have more or fewer instances. */
function instanceDifferences(worlds: readonly World[], wanted: (name: string) => boolean): FieldDifference[] {
  const largest = worlds.reduce((best, one) => (one.instances.length > best.instances.length ? one : best));
  return largest.instances.flatMap(({ name, group }, index) => {
    if (!wanted(name)) return [];
    const of = worlds.map((world) => {
      const at = world.instances[index];
      const found = at?.name === name ? at : world.instances.find((one) => one.name === name);
      return { world, instance: found?.instance };
    });
    return inOrder(group).flatMap((slot): FieldDifference[] => {
      if (of.every((one) => sameWords(one, of[0], slot))) return [];
      const values = of.map(({ world, instance }) => instance && variableText(world, instance, slot));
      const differ = values.some((value) => value !== values[0]);
      return differ ? [{ name: `${name}.${slot.name}`, values }] : [];
    });
  });
}

interface Placed {
  readonly world: World;
  readonly instance: Instance<Variables> | undefined;
}

/** Most variables are equal, and their words tell so without their texts. */
function sameWords(a: Placed, b: Placed | undefined, { offset, words }: Slot): boolean {
  if (!a.instance || !b?.instance) return a.instance === b?.instance;
  const [at, to] = [a.instance.base + offset, b.instance.base + offset];
  const [one, other] = [a.world.arena, b.world.arena];
  return one.read(at) === other.read(to) && (words === 1 || one.read(at + 1) === other.read(to + 1));
}

/** By group. */
const orders = new WeakMap<Group, readonly Slot[]>();

/** The variables as people declared them; in memory the wide ones come first. */
function inOrder(group: Group): readonly Slot[] {
  const known = orders.get(group);
  if (known) return known;
  const names = Object.keys(group.variables);
  const slots = [...group.slots].sort((a, b) => names.indexOf(a.name) - names.indexOf(b.name));
  orders.set(group, slots);
  return slots;
}

const ALL_ONES = -1;

function variableText({ arena }: World, { base }: Instance<Variables>, slot: Slot): string {
  const low = arena.read(base + slot.offset);
  const high = slot.words === 2 ? arena.read(base + slot.offset + 1) : 0;
  const isNumber = slot.variable.kind === 'u64' || slot.variable.kind === 'u32';
  if (isNumber && low === ALL_ONES && (slot.words === 1 || high === ALL_ONES)) return 'none';
  return formatVariable(slot.variable, low, high);
}
