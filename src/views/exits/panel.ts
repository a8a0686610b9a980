import type { Panel } from '../shared/panel';

export const panel = {
  id: 'exits',
  title: 'Exits',
  keys: 'g r',
  needs: 'run',
  load: () => import('./ExitsView.svelte'),
  loadCompared: () => import('./ComparedExits.svelte'),
} as const satisfies Panel;
