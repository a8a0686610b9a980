/** Keys of a grid with one tab stop: a key moves it, Enter chooses, and the focus follows. */

interface GridMoves {
  readonly grid: HTMLElement | undefined;
  /** The cell that a key leads to; undefined for a key that does not move. */
  readonly to: number | undefined;
  readonly onmove: (cell: number) => void;
  /** Enter chooses the cell that has the focus. */
  readonly onchoose: () => void;
  /** Space chooses too, where a click does something that can be undone by another. */
  readonly space?: boolean;
}

/** Handles a key pressed in a grid; keys that do nothing here are left to the page. */
export function pressInGrid(event: KeyboardEvent, { grid, to, onmove, onchoose, space }: GridMoves): void {
  if (event.key === 'Enter' || (space === true && event.key === ' ')) onchoose();
  else if (to === undefined) return;
  else onmove(to);
  event.preventDefault();
  event.stopPropagation();
  queueMicrotask(() => grid?.querySelector<HTMLElement>('[tabindex="0"]')?.focus());
}
