/** The pane in which an element is scrolled up and down. */
export function scrollerOf(element: HTMLElement | undefined): HTMLElement | undefined {
  for (let at = element?.parentElement; at; at = at.parentElement) {
    if (/auto|scroll/.test(getComputedStyle(at).overflowY)) return at;
  }
  return undefined;
}
