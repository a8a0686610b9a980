/**
 * Keys as vi has them: sequences such as `g l` and `] f`, and a count before them. A reader is fed one key at a time and
 * says which command is meant. It knows nothing of the page.
 */

/** A key as people write it: `j`, `G`, `?`, `Space`, `Ctrl-k`, `F6`, `Shift-F6`, `ArrowDown`. */
export type KeyName = string;

/** What of a keyboard event counts. */
export interface KeyPress {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly shiftKey: boolean;
}

/** The name of a key, or nothing for a modifier alone. Command and Control are one. */
export function keyName(press: KeyPress): KeyName | undefined {
  const { key } = press;
  if (['Shift', 'Control', 'Alt', 'Meta', 'AltGraph', 'Dead', 'Process', 'Unidentified'].includes(key))
    return undefined;
  const name = key === ' ' ? 'Space' : key;
  const isWord = name.length > 1;
  const modifiers = [
    press.ctrlKey || press.metaKey ? 'Ctrl-' : '',
    press.altKey ? 'Alt-' : '',
    // Shift is part of a character already: `G`, `?`.
    press.shiftKey && isWord ? 'Shift-' : '',
  ].join('');
  const plain = modifiers !== '' && !isWord ? name.toLowerCase() : name;
  return modifiers + plain;
}

/** A sequence is written with blanks between its keys: `g l`. */
export type Sequence = string;

/** Whether a sequence would take letters from someone who types: everything without Ctrl, Alt or a function key. */
export const isSingleKey = (sequence: Sequence): boolean =>
  !/^(Ctrl-|Alt-|(Shift-)?F\d|Escape)/.test(sequence);

export type Reading =
  /** `count` is what was typed before it, or nothing. */
  | { readonly kind: 'command'; readonly sequence: Sequence; readonly count: number | undefined }
  /** More keys may follow. */
  | { readonly kind: 'pending'; readonly typed: string }
  | { readonly kind: 'nothing' };

const MAX_COUNT = 9_999_999;

export class KeyReader {
  private readonly known: Set<Sequence>;
  private readonly prefixes = new Set<string>();
  private count = '';
  private typed: string[] = [];

  constructor(sequences: Iterable<Sequence>) {
    this.known = new Set(sequences);
    for (const sequence of this.known) {
      const keys = sequence.split(' ');
      for (let n = 1; n < keys.length; n++) this.prefixes.add(keys.slice(0, n).join(' '));
    }
  }

  /** What has been typed of a sequence so far, for the status line. */
  get pending(): string {
    return this.count + this.typed.join('');
  }

  clear(): void {
    this.count = '';
    this.typed = [];
  }

  feed(name: KeyName): Reading {
    if (this.typed.length === 0 && /^[0-9]$/.test(name) && (this.count !== '' || name !== '0')) {
      this.count = String(Math.min(Number(this.count + name), MAX_COUNT));
      return { kind: 'pending', typed: this.pending };
    }
    const sequence = [...this.typed, name].join(' ');
    if (this.known.has(sequence)) {
      const count = this.count === '' ? undefined : Number(this.count);
      this.clear();
      return { kind: 'command', sequence, count };
    }
    if (this.prefixes.has(sequence)) {
      this.typed.push(name);
      return { kind: 'pending', typed: this.pending };
    }
    const wasPending = this.typed.length > 0;
    this.clear();
    // `g` then `j`: the broken sequence is forgotten and `j` counts on its own.
    return wasPending ? this.feed(name) : { kind: 'nothing' };
  }
}
