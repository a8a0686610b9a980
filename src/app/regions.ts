/** Where the focus is, and where F6 takes it. */

const focusable =
  'a[href], button:not(:disabled), input:not([type=file]), select, textarea, [tabindex="0"], [contenteditable="true"]';

/** Something that Space or Enter operates. */
export function isOnControl(target: EventTarget | null): boolean {
  return (
    target instanceof Element &&
    target.closest('button, a[href], summary, input, [role=tab], [role=gridcell]') !== null
  );
}

const isVisible = (element: HTMLElement): boolean => element.getClientRects().length > 0;

/** Moves the focus to the first control of the next or previous region. */
export function cycleRegion(by: number): void {
  const regions = [...document.querySelectorAll<HTMLElement>('[data-region]')].filter(isVisible);
  const at = regions.findLastIndex((region) => region.contains(document.activeElement));
  const next =
    regions[at < 0 ? (by > 0 ? 0 : regions.length - 1) : (at + by + regions.length) % regions.length];
  if (!next) return;
  const inside = [...next.querySelectorAll<HTMLElement>(focusable)].find(
    (element) => isVisible(element) && element.tabIndex >= 0,
  );
  (inside ?? next).focus();
}
