/** Which steps the ladder draws as one row: those of the launch, those of every act, or none. */
import type { Fold } from '../drawings/folds';
import type { Course } from './course';

/** The page whose ladder is folded. */
export interface FoldedPage {
  readonly course: Course | undefined;
  readonly position: number;
  readonly front: 'asks' | 'answers' | 'gone';
  say(text: string): void;
}

const modes = ['launch', 'acts', 'nothing'] as const;
type Mode = (typeof modes)[number];

const says: Record<Mode, string> = {
  launch: 'The launch is one row.',
  acts: 'Each act is one row, but for the one that is shown.',
  nothing: 'Every step has its row.',
};

export class Folding {
  mode: Mode = $state.raw('launch');

  constructor(private readonly page: FoldedPage) {}

  /** What is folded now; whatever is shown is not. */
  get folds(): readonly Fold[] {
    const { course, position, front } = this.page;
    const mode = front === 'gone' ? this.mode : 'acts'; // the front page shows its point
    if (mode === 'nothing') return [];
    const shown = position - 1;
    return (course?.foldable ?? []).filter(
      ({ first, end, isLaunch }) => (mode === 'acts' || isLaunch) && !(first <= shown && shown < end),
    );
  }

  next(): void {
    this.mode = modes[(modes.indexOf(this.mode) + 1) % modes.length] ?? 'launch';
    this.page.say(says[this.mode]);
  }
}
