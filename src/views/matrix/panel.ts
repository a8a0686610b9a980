import type { Panel } from '../shared/panel';

export const panel = {
  id: 'matrix',
  title: 'Matrix',
  keys: 'g x',
  link: { prefix: 'm', carriesProfiles: true },
  hidesInspector: true,
  needs: 'nothing',
  load: () => import('./MatrixView.svelte'),
} as const satisfies Panel;
