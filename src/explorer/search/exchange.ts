/** Two vCPUs exchange their names: which act of a scope becomes which, and which cell becomes which. */
import type { Act } from '../../engine/acts';
import type { Scope } from './scope';
import type { Taker } from './taking';

export interface Exchange {
  /** The two vCPUs. */
  readonly one: number;
  readonly other: number;
  /** By act: the act that it becomes. */
  readonly acts: Int32Array;
  /** The cell that a cell becomes; a cell that is not there stays. */
  readonly cells: ReadonlyMap<number, number>;
}

/** @returns nothing where an act becomes one that the scope has not, or one that may be taken another number of times */
export function exchangeOf(scope: Scope, taker: Taker, one: number, other: number): Exchange | undefined {
  const texts = scope.acts.map(({ act }) => textOf(act));
  const renamed = scope.acts.map(({ act }) => textOf(exchanged(act, one, other)));
  const acts = Int32Array.from(renamed, (text) => texts.indexOf(text));
  if (acts.includes(-1) || new Set(acts).size < acts.length) return undefined;
  if (acts.every((to, act) => to === act)) return undefined;
  const counters = new Map<number, number>();
  for (const [act, { counter }] of scope.acts.entries()) {
    const to = (scope.acts[acts[act] as number] as Scope['acts'][number]).counter;
    if ((counters.get(counter) ?? to) !== to) return undefined;
    if (counter >= 0 && (to < 0 || scope.times[counter] !== scope.times[to])) return undefined;
    if (counter < 0 && to >= 0) return undefined;
    counters.set(counter, to);
  }
  const cells = taker.cellsOfVcpus(one, other);
  for (const [from, to] of counters)
    if (from !== to) cells.set(taker.counterCell(from), taker.counterCell(to));
  return { one, other, acts, cells };
}

const textOf = (act: Act): string =>
  JSON.stringify(act, (_, value: unknown) => (typeof value === 'bigint' ? `${value}` : value));

/** An act in which two vCPUs have each other's name. */
function exchanged(act: Act, one: number, other: number): Act {
  const number = (vcpu: number): number => (vcpu === one ? other : vcpu === other ? one : vcpu);
  const thread = (name: string): string => (/^v\d+$/.test(name) ? `v${number(Number(name.slice(1)))}` : name);
  const args = Object.fromEntries(
    Object.entries(act.args).map(([name, value]: [string, unknown]) => {
      if (typeof value === 'number' && (name === 'vcpu' || name === 'target')) return [name, number(value)];
      return [name, typeof value === 'string' && name === 'thread' ? thread(value) : value];
    }),
  );
  const named = { ...act, args } as Act;
  return named.actor === 'guest' ? { ...named, vcpu: number(named.vcpu) } : named;
}
