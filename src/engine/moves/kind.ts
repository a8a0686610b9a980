/** The declaration of a kind of move. */

/** Where a move starts or ends. `rmp` is the line between guest and host. */
export type Lane = 'guest' | 'rmp' | 'kvm' | 'vmm' | 'firmware';

/** `dec` and `hex` are numbers, `hex64` is a bigint, `text` a word or short phrase. */
export type ArgumentKind = 'dec' | 'hex' | 'hex64' | 'text';

export interface MoveKind {
  readonly from: Lane;
  readonly to: Lane;
  /** Label on the ladder; `{name}` stands for an argument, see `moveText`. */
  readonly text: string;
  readonly args: Readonly<Record<string, ArgumentKind>>;
  /** The arrow ends at the rule: a request that was refused. */
  readonly refused?: true;
}

export function moves<const T extends Readonly<Record<string, MoveKind>>>(table: T): T {
  return table;
}
