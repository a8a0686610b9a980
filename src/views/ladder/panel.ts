import type { Panel } from '../shared/panel';

export const panel = {
  id: 'ladder',
  title: 'Ladder',
  says: 'The steps from top to bottom: guest left of the double rule, host right of it.',
  keys: 'g l',
  needs: 'run',
  load: () => import('./LadderView.svelte'),
  loadCompared: () => import('./ComparedLadderView.svelte'),
} as const satisfies Panel;
