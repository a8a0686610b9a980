import type { Panel } from '../shared/panel';

export const panel = {
  id: 'decode',
  title: 'Decode',
  keys: 'g d',
  link: { prefix: 'd' },
  hidesInspector: true,
  needs: 'nothing',
  load: () => import('./DecodeView.svelte'),
} as const satisfies Panel;
