import type { Panel } from '../shared/panel';

export const panel = {
  id: 'explore',
  title: 'Explore',
  says: 'Every order of some acts, searched for broken rules.',
  keys: 'g e',
  hidesInspector: true,
  needs: 'scope',
  load: () => import('./ExploreView.svelte'),
} as const satisfies Panel;
