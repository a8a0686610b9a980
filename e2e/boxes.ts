import type { Page } from '@playwright/test';

/**
 * What a person cannot read in the page as it stands, one sentence for each defect:
 *
 * - the page scrolls sideways;
 * - a text or control lies outside the screen, and nothing scrolls it into view;
 * - something scrolls sideways that does not say so (`data-sideways`, see base.css);
 * - a text is cut where its box ends, without an ellipsis;
 * - the name of a profile is broken at its hyphen, in a heading, a button or a tab;
 * - two texts lie upon each other; of two that are turned that cannot be told.
 *
 * What is hidden from sight on purpose, and what an opaque box in front of it covers, does not count.
 */
export const unreadable = (page: Page): Promise<string[]> => page.evaluate(findUnreadable);

/** Runs in the page: it may use nothing from outside. */
function findUnreadable(): string[] {
  /** Pixels that browsers round away. */
  const SLACK = 1.5;
  /** Part of a line's height, above and below, that is leading and no ink. */
  const LEADING = 0.25;
  const MOST_PER_KIND = 12;

  interface Box {
    left: number;
    top: number;
    right: number;
    bottom: number;
  }
  interface Text {
    element: Element;
    says: string;
    /** Where its ink is. */
    whole: Box;
    /** What of it scrolling containers and clips leave. */
    seen: Box;
  }

  const found = new Map<string, string[]>();
  const report = (kind: string, sentence: string): void => {
    const list = found.get(kind) ?? [];
    if (!list.includes(sentence)) list.push(sentence);
    found.set(kind, list);
  };
  const nameOf = (element: Element): string => {
    const { id } = element;
    const name = element.getAttribute('class')?.replace(/ ?s-\S+| ?svelte-\S+/g, '') ?? '';
    const label = element.getAttribute('aria-label');
    return `<${element.tagName.toLowerCase()}${id ? `#${id}` : ''}${name ? ` .${name}` : ''}${label ? ` "${label}"` : ''}>`;
  };
  const at = ({ left, top, right, bottom }: Box): string =>
    `x ${Math.round(left)}..${Math.round(right)}, y ${Math.round(top)}..${Math.round(bottom)}`;
  const boxOf = ({ left, top, right, bottom }: DOMRect): Box => ({ left, top, right, bottom });
  const meet = (a: Box, b: Box): Box => ({
    left: Math.max(a.left, b.left),
    top: Math.max(a.top, b.top),
    right: Math.min(a.right, b.right),
    bottom: Math.min(a.bottom, b.bottom),
  });
  const widthOf = (box: Box): number => box.right - box.left;
  const heightOf = (box: Box): number => box.bottom - box.top;
  const isEmpty = (box: Box): boolean => widthOf(box) <= 0 || heightOf(box) <= 0;

  const root = document.documentElement;
  const screen: Box = { left: 0, top: 0, right: root.clientWidth, bottom: root.clientHeight };
  const pageScrollsDown = root.scrollHeight > root.clientHeight + SLACK;
  if (root.scrollWidth > root.clientWidth + SLACK)
    report('sideways', `The page scrolls sideways by ${root.scrollWidth - root.clientWidth} pixels.`);

  const styles = new Map<Element, CSSStyleDeclaration>();
  const styleOf = (element: Element): CSSStyleDeclaration => {
    const style = styles.get(element) ?? getComputedStyle(element);
    styles.set(element, style);
    return style;
  };
  /** A modal dialog makes all else inert: only what is in it counts. */
  const dialog = [...document.querySelectorAll('dialog[open]')].at(-1);
  const scope: Element = dialog ?? document.body;

  const hidden = new Map<Element, boolean>();
  const isHidden = (element: Element): boolean => {
    const known = hidden.get(element);
    if (known !== undefined) return known;
    const own =
      element.tagName === 'OPTION' ||
      styleOf(element).clipPath === 'inset(50%)' ||
      !element.checkVisibility({
        opacityProperty: true,
        visibilityProperty: true,
        contentVisibilityAuto: true,
      });
    const parent = element.parentElement;
    const value = own || (parent !== null && isCutAway(parent));
    hidden.set(element, value);
    return value;
  };
  /** What stands in something that only screen readers see. */
  const isCutAway = (element: Element): boolean =>
    styleOf(element).clipPath === 'inset(50%)' ||
    (element.parentElement !== null && isCutAway(element.parentElement));

  /** How an element shows what does not fit into it, in each direction. */
  const overflowOf = (element: Element): { x: string; y: string } => {
    if (element instanceof SVGSVGElement) {
      const { overflowX } = styleOf(element);
      const own = overflowX === 'visible' ? 'visible' : 'hidden';
      return { x: own, y: own };
    }
    if (element instanceof SVGElement) return { x: 'visible', y: 'visible' };
    const { overflowX: x, overflowY: y, display } = styleOf(element);
    return display === 'inline' || display === 'contents' ? { x: 'visible', y: 'visible' } : { x, y };
  };

  interface Clip {
    seen: Box;
    /** Whether something can be scrolled until it is seen. */
    scrollsX: boolean;
    scrollsY: boolean;
    /** What cuts it off sideways for good. */
    cutBy: Element | undefined;
  }
  /** What the containers of an element leave of a box in it. */
  const clip = (container: Element | null, box: Box, fixed = false): Clip => {
    const clipped: Clip = { seen: box, scrollsX: false, scrollsY: false, cutBy: undefined };
    let isFixed = fixed;
    for (let one = container; one && one !== document.body && !isFixed; one = one.parentElement) {
      const { x, y } = overflowOf(one);
      const edges = boxOf(one.getBoundingClientRect());
      if (x !== 'visible') {
        const scrolls = (x === 'auto' || x === 'scroll') && one.scrollWidth > one.clientWidth + SLACK;
        const outside = clipped.seen.left < edges.left - SLACK || clipped.seen.right > edges.right + SLACK;
        if (scrolls) clipped.scrollsX = true;
        else if (outside && !clipped.scrollsX) clipped.cutBy ??= one;
        clipped.seen = meet(clipped.seen, { ...clipped.seen, left: edges.left, right: edges.right });
      }
      if (y !== 'visible') {
        if ((y === 'auto' || y === 'scroll') && one.scrollHeight > one.clientHeight) clipped.scrollsY = true;
        clipped.seen = meet(clipped.seen, { ...clipped.seen, top: edges.top, bottom: edges.bottom });
      }
      isFixed = styleOf(one).position === 'fixed';
    }
    return clipped;
  };
  const isCutWithEllipsis = (element: Element, by: Element): boolean => {
    for (let one: Element | null = element; one; one = one.parentElement) {
      const { textOverflow, webkitLineClamp } = styleOf(one);
      if (textOverflow === 'ellipsis' || (webkitLineClamp !== '' && webkitLineClamp !== 'none')) return true;
      if (one === by) return false;
    }
    return false;
  };

  const turned = new Map<Element, boolean>();
  /** The box of turned text holds much that it does not cover: neighbours may share it. */
  const isTurned = (element: Element): boolean => {
    const known = turned.get(element);
    if (known !== undefined) return known;
    const { transform, rotate } = styleOf(element);
    const own = rotate !== 'none' || (transform !== 'none' && new DOMMatrix(transform).b !== 0);
    const value = own || (element.parentElement !== null && isTurned(element.parentElement));
    turned.set(element, value);
    return value;
  };

  const texts: Text[] = [];
  const profileName = /\b(?:linux-\d[\d.]*|part2-v\d|as-reviewed)/g;
  const reportBroken = (node: Node, element: Element): void => {
    if (!element.closest('th, h1, h2, h3, button, header, [data-names]')) return;
    for (const { 0: name, index } of (node.textContent ?? '').matchAll(profileName)) {
      const part = document.createRange();
      part.setStart(node, index);
      part.setEnd(node, index + name.length);
      const tops = new Set([...part.getClientRects()].map(({ top }) => Math.round(top)));
      if (tops.size > 1) report('broken', `"${name}" is broken in ${nameOf(element)}`);
    }
  };
  const addText = (element: Element, says: string, rect: DOMRect): void => {
    const inset = rect.height * LEADING;
    const whole = { ...boxOf(rect), top: rect.top + inset, bottom: rect.bottom - inset };
    if (isEmpty(whole) || (whole.bottom < 0 && scrollY === 0)) return; // a skip link, until it has the focus
    const { seen, scrollsX, scrollsY, cutBy } = clip(element, whole);
    const quoted = `"${says.trim().slice(0, 40)}" in ${nameOf(element)}`;
    if (cutBy && !isCutWithEllipsis(element, cutBy))
      report('cut', `${quoted} is cut by ${nameOf(cutBy)}: ${at(whole)}`);
    else if (!cutBy && !scrollsX && (whole.left < screen.left - SLACK || whole.right > screen.right + SLACK))
      report('outside', `${quoted} lies beside the screen: ${at(whole)}`);
    if (!scrollsY && !(pageScrollsDown && !dialog) && !isEmpty(seen) && whole.bottom > screen.bottom + SLACK)
      report('outside', `${quoted} lies below the screen: ${at(whole)}`);
    const onScreen = dialog || !pageScrollsDown ? meet(seen, screen) : seen;
    if (!isEmpty(onScreen)) texts.push({ element, says: says.trim(), whole, seen: onScreen });
  };

  const walker = document.createTreeWalker(scope, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const says = node.textContent ?? '';
    const element = node.parentElement;
    if (says.trim() === '' || !element || isHidden(element)) continue;
    if (['STYLE', 'SCRIPT', 'TITLE', 'DESC', 'TEXTAREA', 'NOSCRIPT'].includes(element.tagName.toUpperCase()))
      continue;
    reportBroken(node, element);
    range.selectNodeContents(node);
    for (const rect of range.getClientRects()) if (rect.width > 1) addText(element, says, rect);
  }

  for (const control of scope.querySelectorAll('button, input, select, textarea, a[href], [tabindex="0"]')) {
    if (isHidden(control)) continue;
    const box = boxOf(control.getBoundingClientRect());
    if (widthOf(box) < 2 || heightOf(box) < 2) continue;
    const { seen, scrollsX, scrollsY, cutBy } = clip(
      control.parentElement,
      box,
      styleOf(control).position === 'fixed',
    );
    if (cutBy && widthOf(seen) < Math.min(24, widthOf(box)) - SLACK)
      report('outside', `${nameOf(control)} is cut by ${nameOf(cutBy)}: ${at(box)}`);
    else if (!scrollsX && (box.left < screen.left - SLACK || box.right > screen.right + SLACK))
      report('outside', `${nameOf(control)} reaches beyond the screen: ${at(box)}`);
    if (!scrollsY && !(pageScrollsDown && !dialog) && box.top > screen.bottom - SLACK)
      report('outside', `${nameOf(control)} lies below the screen: ${at(box)}`);
  }

  for (const element of scope.querySelectorAll('*')) {
    if (element instanceof SVGElement || isHidden(element)) continue;
    const { x } = overflowOf(element);
    if ((x !== 'auto' && x !== 'scroll') || element.scrollWidth <= element.clientWidth + SLACK) continue;
    if (element instanceof HTMLElement && element.tagName !== 'TEXTAREA' && !('sideways' in element.dataset))
      report(
        'scrolls',
        `${nameOf(element)} scrolls sideways by ${element.scrollWidth - element.clientWidth} pixels.`,
      );
  }

  // Covered texts: what lies in front is found with every element made touchable.
  const touchable = new CSSStyleSheet(); // the policy of the page allows no <style>
  touchable.replaceSync('* { pointer-events: auto !important; }');
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, touchable];
  const isOpaque = (element: Element): boolean => {
    if (element instanceof SVGElement && !(element instanceof SVGSVGElement)) {
      const { fill, fillOpacity } = styleOf(element);
      return element.tagName !== 'text' && fill !== 'none' && fillOpacity === '1' && !/, 0\)$/.test(fill);
    }
    const { backgroundColor } = styleOf(element);
    return !/^transparent$|\/ 0?\.?\d*\)$|^rgba\(.*, (0|0?\.\d+)\)$/.test(backgroundColor);
  };
  const isSeenAt = (x: number, y: number, element: Element): boolean => {
    if (x < 0 || y < 0 || x >= screen.right || y >= screen.bottom) return true; // further down the page
    for (const one of document.elementsFromPoint(x, y)) {
      if (one === element || element.contains(one)) return true;
      if (isOpaque(one) && !one.contains(element)) return false;
      if (one.contains(element)) return true;
    }
    return true;
  };
  texts.sort((a, b) => a.seen.top - b.seen.top);
  for (const [index, a] of texts.entries()) {
    for (let next = index + 1; next < texts.length; next++) {
      const b = texts[next];
      if (!b || b.seen.top >= a.seen.bottom) break;
      const both = meet(a.seen, b.seen);
      if (widthOf(both) <= 2 || heightOf(both) <= 2 || a.element === b.element) continue;
      if (isTurned(a.element) && isTurned(b.element)) continue;
      const x = (both.left + both.right) / 2;
      const y = (both.top + both.bottom) / 2;
      if (!isSeenAt(x, y, a.element) || !isSeenAt(x, y, b.element)) continue;
      report(
        'overlap',
        `"${a.says.slice(0, 40)}" in ${nameOf(a.element)} and "${b.says.slice(0, 40)}" in ${nameOf(b.element)} lie upon each other: ${at(both)}`,
      );
    }
  }
  document.adoptedStyleSheets = document.adoptedStyleSheets.filter((sheet) => sheet !== touchable);
  return [...found.values()].flatMap((list) => [
    ...list.slice(0, MOST_PER_KIND),
    ...(list.length > MOST_PER_KIND ? [`... and ${list.length - MOST_PER_KIND} more of these`] : []),
  ]);
}
