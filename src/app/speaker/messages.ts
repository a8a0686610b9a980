/**
 * What the audience's window and the speaker's say to each other, over a BroadcastChannel of this origin. Another version of
 * the page may be on the other end: what is not understood is left alone.
 */
import * as v from 'valibot';
import { MAX_LESSON_BYTES } from '../../base/limits';

export const CHANNEL = 'vmgexit-speaker';

const shownSchema = v.object({
  kind: v.literal('shown'),
  /** The text of the lesson: the speaker's window reads its notes from it. */
  text: v.pipe(v.string(), v.maxLength(MAX_LESSON_BYTES)),
  /** Index of the screen. */
  at: v.pipe(v.number(), v.integer(), v.minValue(0)),
  position: v.pipe(v.number(), v.integer(), v.minValue(0)),
  stepCount: v.pipe(v.number(), v.integer(), v.minValue(0)),
  sentence: v.pipe(v.string(), v.maxLength(2_000)),
  /** Milliseconds since 1970 at which the talk began. */
  begun: v.number(),
});
const wishSchema = v.object({
  kind: v.literal('wish'),
  wish: v.picklist(['hello', 'next', 'previous', 'reveal']),
});

/** What the audience sees. */
export type Shown = v.InferOutput<typeof shownSchema>;
/** What the speaker wants. */
export type Wish = v.InferOutput<typeof wishSchema>['wish'];

export function readShown(message: unknown): Shown | undefined {
  const read = v.safeParse(shownSchema, message);
  return read.success ? read.output : undefined;
}

export function readWish(message: unknown): Wish | undefined {
  const read = v.safeParse(wishSchema, message);
  return read.success ? read.output.wish : undefined;
}

export const wishMessage = (wish: Wish) => ({ kind: 'wish', wish }) as const;
