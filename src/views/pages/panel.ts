import type { Panel } from '../shared/panel';

export const panel = {
  id: 'pages',
  title: 'Pages',
  says: 'The pages of the guest: what guest, RMP and KVM say of each.',
  keys: 'g p',
  needs: 'run',
  load: () => import('./PagesView.svelte'),
  loadCompared: () => import('./ComparedPages.svelte'),
} as const satisfies Panel;
