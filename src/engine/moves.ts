/**
 * The vocabulary of visible moves. A step shows one move: its actor, its addressee, its text and its rule.
 * The tables of the areas are put together here; ladder, mail text and inspector all read this one.
 */
import { hex } from '../base/hex';
import { apMoves } from './moves/ap';
import { guestMoves } from './moves/guest';
import { launchMoves } from './moves/launch';
import { pageMoves } from './moves/pages';
import { runMoves } from './moves/run';
import { threadMoves } from './moves/threads';
import { vmgexitMoves } from './moves/vmgexit';
import { vmmMoves } from './moves/vmm';
import type { ArgumentKind, MoveKind } from './moves/kind';

export type { ArgumentKind, Lane, MoveKind } from './moves/kind';

export const moveKinds = {
  ...guestMoves,
  ...vmgexitMoves,
  ...apMoves,
  ...runMoves,
  ...launchMoves,
  ...pageMoves,
  ...vmmMoves,
  ...threadMoves,
} satisfies Record<string, MoveKind>;

export type MoveName = keyof typeof moveKinds;
export const moveNames = Object.keys(moveKinds) as readonly MoveName[];

type ArgumentValue<K> = K extends 'hex64' ? bigint : K extends 'text' ? string : number;
export type MoveArguments<M extends MoveName> = {
  readonly [A in keyof (typeof moveKinds)[M]['args']]: ArgumentValue<(typeof moveKinds)[M]['args'][A]>;
};
/** A move of any kind as data. */
export interface Move {
  readonly kind: MoveName;
  /** vCPU that acts or is acted on; -1 when the move belongs to no vCPU. */
  readonly vcpu: number;
  readonly args: Readonly<Record<string, number | bigint | string>>;
}

/** Whether a move leaves KVM for the VMM, which gets its turn. */
export function leavesKvm(kind: MoveName): boolean {
  const { from, to }: MoveKind = moveKinds[kind];
  return from === 'kvm' && to === 'vmm';
}

/** One argument as the ladder prints it. */
export function formatArgument(kind: ArgumentKind, value: number | bigint | string): string {
  if (kind === 'text') return String(value);
  return kind === 'dec' ? String(value) : hex(value as number | bigint);
}

/** The move in words, as the ladder and the mail text print it. `{n? of }` stands for " of 3", and for nothing when n is 1. */
export function moveText(move: Move): string {
  const { text, args } = moveKinds[move.kind] as MoveKind;
  return text.replace(/\{(\w+)(?:\?([^}]*))?\}/g, (_, name: string, unlessOne: string | undefined) => {
    const value = move.args[name] ?? '?';
    if (unlessOne !== undefined && value === 1) return '';
    return (unlessOne ?? '') + formatArgument(args[name] ?? 'text', value);
  });
}
