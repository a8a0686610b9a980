/**
 * The page inside another page (`chrome=0` in an iframe). It hears the window that frames it and nobody else, and does
 * nothing for it but to go to a place; what it tells is a height and a step, so that any origin may hear it. Who may frame the
 * page at all is said by the server (`frame-ancestors`).
 */
import * as v from 'valibot';
import { MAX_LINK_CHARACTERS } from '../base/limits';
import { parseAddress } from './url';

const gotoSchema = v.object({
  vmgexit: v.literal('goto'),
  /** Steps taken, in what is shown. */
  step: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0))),
  /** Another place: `#/s/psc-batch?k=5`. */
  address: v.optional(v.pipe(v.string(), v.startsWith('#/'), v.maxLength(MAX_LINK_CHARACTERS))),
});

/** What is framed. */
export interface Framed {
  readonly position: number;
  readonly stepCount: number;
  seek(position: number): void;
  warn(text: string): void;
}

/** What a message of the framing page asks for; nothing where it is none. */
export function readGoto(
  message: unknown,
): { readonly step?: number; readonly address?: string } | undefined {
  const read = v.safeParse(gotoSchema, message);
  if (!read.success) return undefined;
  const { step, address } = read.output;
  return { ...(step !== undefined && { step }), ...(address !== undefined && { address }) };
}

/** @returns what tells the framing page where this one stands, and what ends it */
export function embed(page: Framed): { tell(): void; end(): void } {
  const { parent } = window;
  if (parent === window) return { tell: () => {}, end: () => {} };
  const tell = (): void =>
    parent.postMessage(
      {
        source: 'vmgexit',
        height: document.documentElement.scrollHeight,
        step: page.position,
        steps: page.stepCount,
      },
      '*',
    );
  const hear = (event: MessageEvent): void => {
    const wish = event.source === parent ? readGoto(event.data) : undefined;
    if (wish?.step !== undefined) page.seek(wish.step);
    if (wish?.address === undefined) return;
    // An address that is not understood to its end goes nowhere, and says so.
    const { remarks } = parseAddress(wish.address);
    if (remarks.length > 0) page.warn(remarks.join(' '));
    else location.hash = wish.address; // it stays without chrome, whatever the address says
  };
  window.addEventListener('message', hear);
  const sized = new ResizeObserver(tell);
  sized.observe(document.body);
  return {
    tell,
    end: () => {
      window.removeEventListener('message', hear);
      sized.disconnect();
    },
  };
}
