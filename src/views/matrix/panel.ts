import type { Panel } from '../shared/panel';

export const panel = {
  id: 'matrix',
  title: 'Matrix',
  says: 'What every event does in every state, under each profile.',
  keys: 'g x',
  link: { prefix: 'm', carriesProfiles: true },
  hidesInspector: true,
  needs: 'nothing',
  load: () => import('./MatrixView.svelte'),
} as const satisfies Panel;
