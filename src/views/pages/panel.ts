import type { Panel } from '../shared/panel';

export const panel = {
  id: 'pages',
  title: 'Pages',
  keys: 'g p',
  needs: 'run',
  load: () => import('./PagesView.svelte'),
  loadCompared: () => import('./ComparedPages.svelte'),
} as const satisfies Panel;
