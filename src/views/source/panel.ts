import type { Panel } from '../shared/panel';

export const panel = {
  id: 'source',
  title: 'Source',
  says: 'The text of the scenario, to be changed and run.',
  keys: 'g s',
  hidesInspector: true,
  needs: 'text',
  load: () => import('./SourceView.svelte'),
} as const satisfies Panel;
