import type { Panel } from '../shared/panel';

export const panel = {
  id: 'ladder',
  title: 'Ladder',
  keys: 'g l',
  needs: 'run',
  load: () => import('./LadderView.svelte'),
  loadCompared: () => import('./ComparedLadderView.svelte'),
} as const satisfies Panel;
