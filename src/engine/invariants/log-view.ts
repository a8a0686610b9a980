/** The state at an earlier position of the write log, for invariants that compare before and after. */
import type { PageField } from '../memory/page-field';
import type { Instance, Variables } from '../state/schema';
import type { World } from '../world';

function addressesOf<V extends Variables>(instance: Instance<V>, name: keyof V & string): number[] {
  const { group, base } = instance;
  const first = base + group.offsetOf(name);
  const slot = group.slots.find((candidate) => candidate.name === name);
  return Array.from({ length: slot?.words ?? 1 }, (_, i) => first + i);
}

/** Calls back for every record since a position, the youngest first. */
function readBack(
  world: World,
  since: number,
  word: (address: number, old: number) => void,
  run: (field: number, first: number, count: number, old: number) => void,
): void {
  const { data } = world.log;
  for (let top = world.log.top; top > since;) {
    const tag = data[top - 1] as number;
    if (tag >= 0) {
      word(tag, data[top - 3] as number);
      top -= 3;
    } else {
      run(-1 - tag, data[top - 5] as number, data[top - 4] as number, data[top - 3] as number);
      top -= 5;
    }
  }
}

/** The earlier value of a 32-bit word. */
function wordThen(world: World, since: number, address: number): number {
  world.log.onLookBack?.(address);
  let value = world.arena.read(address);
  readBack(
    world,
    since,
    (at, old) => {
      if (at === address) value = old;
    },
    () => {},
  );
  return value;
}

/** The variables whose value has changed. */
export function changedSince<V extends Variables>(
  world: World,
  since: number,
  instance: Instance<V>,
  names: readonly (keyof V & string)[],
): string[] {
  return names.filter((name) =>
    addressesOf(instance, name).some(
      (address) => wordThen(world, since, address) !== world.arena.read(address),
    ),
  );
}

/** Pages whose value in a field has changed, with the earlier value. */
export function changedPages(world: World, since: number, field: PageField): Map<number, number> {
  const then = new Map<number, number>();
  world.log.onLookBack?.(-1 - field.id);
  readBack(
    world,
    since,
    () => {},
    (id, first, count, old) => {
      if (id !== field.id) return;
      for (let page = first; page < first + count; page++) then.set(page, old);
    },
  );
  for (const [page, old] of then) if (field.get(page) === old) then.delete(page);
  return then;
}

/** Whether a write since then changed a word of the arena. */
export function wordWrittenSince(world: World, since: number, address: number): boolean {
  let written = false;
  world.log.onLookBack?.(address);
  readBack(
    world,
    since,
    (at) => {
      if (at === address) written = true;
    },
    () => {},
  );
  return written;
}
