/**
 * What a word, a tab or a name means, said beside it: on focus, and under a pointer that rests. The words can be pointed
 * at, Escape puts them away, and a press means that nobody asks.
 */
import type { Attachment } from 'svelte/attachments';

const WIDTH = 300;
const EDGE = 8;
const GAP = 4;
/** A pointer that only passes asks nothing; one on its way to the words has not left. */
const RESTED_MILLISECONDS = 150;
let made = 0;

/** @param meaning asked for when somebody wants to know; nothing is shown for an empty one */
export const tip =
  (meaning: () => string | Promise<string>): Attachment<HTMLElement> =>
  (element) => {
    let words: HTMLElement | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isWanted = false;
    let isPressed = false;

    const hide = (): void => {
      clearTimeout(timer);
      isWanted = false;
      words?.remove();
      words = undefined;
      element.removeAttribute('aria-describedby');
    };
    const later = (act: () => void): void => {
      clearTimeout(timer);
      timer = setTimeout(act, RESTED_MILLISECONDS);
    };
    async function show(): Promise<void> {
      clearTimeout(timer);
      if (words) return;
      isWanted = true;
      const says = await meaning();
      if (!isWanted || words || says === '' || !element.isConnected) return;
      words = document.createElement('span');
      words.className = 'tip';
      words.role = 'tooltip';
      words.id = `tip-${++made}`;
      words.popover = 'manual'; // in the top layer: what clips the word does not clip what it means
      words.textContent = says;
      words.style.cssText = placeBeside(element);
      words.addEventListener('pointerenter', () => clearTimeout(timer));
      words.addEventListener('pointerleave', () => later(hide));
      (element.closest('dialog, header, main, nav, aside, footer') ?? document.body).append(words);
      words.showPopover();
      element.setAttribute('aria-describedby', words.id);
    }
    const listeners: Partial<{
      [Name in keyof HTMLElementEventMap]: (event: HTMLElementEventMap[Name]) => void;
    }> = {
      focus: () => {
        if (!isPressed) void show();
      },
      blur: hide,
      pointerenter: () => later(() => void show()),
      pointerleave: () => {
        isPressed = false;
        if (element !== document.activeElement || !words) later(hide);
      },
      pointerdown: () => {
        isPressed = true;
        hide();
      },
      keydown: (event) => {
        if (!words) return;
        if (event.key === 'Escape') event.stopPropagation();
        hide();
      },
    };
    for (const [name, listener] of Object.entries(listeners))
      element.addEventListener(name, listener as EventListener);
    return () => {
      hide();
      for (const [name, listener] of Object.entries(listeners))
        element.removeEventListener(name, listener as EventListener);
    };
  };

/** Below or above an element, wherever there is more room, and inside the window. */
function placeBeside(element: HTMLElement): string {
  const box = element.getBoundingClientRect();
  const { clientWidth, clientHeight } = document.documentElement;
  const left = Math.max(EDGE, Math.min(box.left, clientWidth - WIDTH - EDGE));
  const isLow = box.top > clientHeight / 2;
  const side = isLow ? `bottom: ${clientHeight - box.top + GAP}px` : `top: ${box.bottom + GAP}px`;
  return `left: ${left}px; ${side}`;
}
