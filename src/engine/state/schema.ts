/**
 * How simulated state is declared: a variable has a kind, a meaning and thereby a width, an accessor and a text.
 * Reading and writing `vcpu.mpState` goes through accessors made here; every write is logged by the arena.
 */
import { outside } from '../../base/assert';
import { hex } from '../../base/hex';
import type { Arena, WordAddress } from '../memory/arena';

/**
 * `flag` is one bit; `u32` is unsigned; `i32` signed; `u53` a frame number beyond 32 bits; `u64` is a bigint; a list of
 * words is an enumeration.
 */
export type VariableKind = 'flag' | 'u32' | 'i32' | 'u53' | 'u64' | readonly string[];

export interface Variable<K extends VariableKind = VariableKind> {
  readonly kind: K;
  /** What the variable means, in one sentence for the inspector. */
  readonly doc: string;
  /** How to print a number; enumerations and flags print themselves. */
  readonly as: 'hex' | 'dec';
  /** Set for a region of a statechart: the chart alone moves it, see `machines/`. */
  readonly chart?: string;
}

export const flag = (doc: string): Variable<'flag'> => ({ kind: 'flag', doc, as: 'dec' });
export const count = (doc: string): Variable<'u32'> => ({ kind: 'u32', doc, as: 'dec' });
export const word32 = (doc: string): Variable<'u32'> => ({ kind: 'u32', doc, as: 'hex' });
export const frame = (doc: string): Variable<'u53'> => ({ kind: 'u53', doc, as: 'hex' });
export const signed = (doc: string): Variable<'i32'> => ({ kind: 'i32', doc, as: 'dec' });
export const word64 = (doc: string): Variable<'u64'> => ({ kind: 'u64', doc, as: 'hex' });
export const oneOf = <const N extends readonly string[]>(names: N, doc: string): Variable<N> => ({
  kind: names,
  doc,
  as: 'dec',
});
export const chartRegion = <const N extends readonly string[]>(
  chart: string,
  names: N,
  doc: string,
): Variable<N> => ({ kind: names, doc, as: 'dec', chart });

type ValueOf<K> = K extends 'flag'
  ? boolean
  : K extends 'u32' | 'i32' | 'u53'
    ? number
    : K extends 'u64'
      ? bigint
      : K extends readonly (infer N)[]
        ? N
        : never;

export type Variables = Readonly<Record<string, Variable>>;

/** One instance of a group: the variables as plain properties. */
export type Instance<V extends Variables> = {
  -readonly [N in keyof V]: ValueOf<V[N]['kind']>;
} & {
  readonly group: Group<V>;
  readonly base: WordAddress;
  /** Which of the instances of the group this is, counted from 0: of a vCPU its number. */
  readonly index: number;
};

export interface Slot {
  readonly name: string;
  readonly variable: Variable;
  /** Offset in words from the start of the instance. */
  readonly offset: number;
  readonly words: 1 | 2;
}

export interface Group<V extends Variables = Variables> {
  readonly name: string;
  readonly variables: V;
  readonly slots: readonly Slot[];
  /** Words of one instance, even. */
  readonly words: number;
  offsetOf(variable: keyof V & string): number;
  /** @param index which of the instances of the group this is, counted from 0 */
  create(arena: Arena, index?: number): Instance<V>;
}

/** Declares a group of variables that exist together, such as all that KVM keeps for one vCPU. */
export function group<const V extends Variables>(name: string, variables: V): Group<V> {
  const slots: Slot[] = [];
  let next = 0;
  const place = (wide: boolean): void => {
    for (const [key, variable] of Object.entries(variables)) {
      if (isWide(variable.kind) !== wide) continue;
      slots.push({ name: key, variable, offset: next, words: wide ? 2 : 1 });
      next += wide ? 2 : 1;
    }
  };
  place(true);
  place(false);
  const words = (next + 1) & ~1;
  const offsets = new Map(slots.map((slot) => [slot.name, slot.offset]));

  class GroupInstance {
    constructor(
      readonly arena: Arena,
      readonly base: WordAddress,
      readonly index: number,
    ) {}
    get group(): Group<V> {
      return declared;
    }
  }
  for (const slot of slots) defineAccessor(GroupInstance.prototype, slot);

  const declared: Group<V> = {
    name,
    variables,
    slots,
    words,
    offsetOf(variable) {
      const offset = offsets.get(variable);
      if (offset === undefined) throw new Error(`${name} has no variable ${variable}`);
      return offset;
    },
    create: (arena, index = 0) =>
      new GroupInstance(arena, arena.allocate(words), index) as unknown as Instance<V>,
  };
  return declared;
}

const isWide = (kind: VariableKind): boolean => kind === 'u64' || kind === 'u53';
const WORD = 2 ** 32;

interface Based {
  arena: Arena;
  base: number;
}

function defineAccessor(prototype: object, { name, variable, offset }: Slot): void {
  const { kind } = variable;
  if (kind === 'u64') {
    Object.defineProperty(prototype, name, {
      get(this: Based) {
        return this.arena.read64(this.base + offset);
      },
      set(this: Based, value: bigint) {
        this.arena.write64(this.base + offset, value);
      },
    });
  } else if (kind === 'u53') {
    Object.defineProperty(prototype, name, {
      get(this: Based) {
        const { arena } = this;
        return (arena.read(this.base + offset) >>> 0) + (arena.read(this.base + offset + 1) >>> 0) * WORD;
      },
      set(this: Based, value: number) {
        this.arena.write(this.base + offset, value % WORD);
        this.arena.write(this.base + offset + 1, Math.floor(value / WORD));
      },
    });
  } else if (kind === 'flag') {
    Object.defineProperty(prototype, name, {
      get(this: Based) {
        return this.arena.read(this.base + offset) !== 0;
      },
      set(this: Based, value: boolean) {
        this.arena.write(this.base + offset, value ? 1 : 0);
      },
    });
  } else if (kind === 'u32') {
    Object.defineProperty(prototype, name, {
      get(this: Based) {
        return this.arena.read(this.base + offset) >>> 0;
      },
      set(this: Based, value: number) {
        this.arena.write(this.base + offset, value);
      },
    });
  } else if (kind === 'i32') {
    Object.defineProperty(prototype, name, {
      get(this: Based) {
        return this.arena.read(this.base + offset);
      },
      set(this: Based, value: number) {
        this.arena.write(this.base + offset, value);
      },
    });
  } else {
    const codes = new Map(kind.map((word, code) => [word, code]));
    Object.defineProperty(prototype, name, {
      get(this: Based) {
        const code = this.arena.read(this.base + offset);
        return kind[code] ?? outside(name, code, kind.length);
      },
      set(this: Based, value: string) {
        const code = codes.get(value);
        if (code === undefined) throw new Error(`${name} cannot be ${value}`);
        this.arena.write(this.base + offset, code);
      },
    });
  }
}

/** Text of a variable's value for display. */
export function formatVariable(variable: Variable, low: number, high = 0): string {
  const { kind } = variable;
  if (isWide(kind)) return hex((BigInt(high >>> 0) << 32n) | BigInt(low >>> 0));
  if (kind === 'flag') return low !== 0 ? 'yes' : 'no';
  if (typeof kind !== 'string') return kind[low] ?? `? ${low}`;
  const value = kind === 'u32' ? low >>> 0 : low;
  return variable.as === 'hex' ? hex(value) : String(value);
}
