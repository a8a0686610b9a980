import type { Panel } from '../shared/panel';

export const panel = {
  id: 'explore',
  title: 'Explore',
  keys: 'g e',
  hidesInspector: true,
  needs: 'scope',
  load: () => import('./ExploreView.svelte'),
} as const satisfies Panel;
